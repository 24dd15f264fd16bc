import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AuthConfig } from '@countersign/auth';
import type { CoreConfig } from '@countersign/core';

/** The first administrator's e-mail address and password, and whether the password was made up here. */
export interface AdminCredentials {
  readonly email: string;
  readonly password: string;
  readonly random: boolean;
}

const FILE = 'first-administrator.json';

/**
 * The first administrator's credentials: the operator's; outside production else `admin@localhost` and a random
 * password, which is kept under the data directory so that a second start can show it again.
 *
 * @returns `undefined` in production where the operator names none
 */
export function firstAdministrator(core: CoreConfig, auth: AuthConfig): AdminCredentials | undefined {
  const { email, password } = auth.bootstrapAdmin;
  if (email !== undefined && password !== undefined) return { email, password, random: false };
  if (core.production) return undefined;
  const name = email ?? 'admin@localhost';
  if (password !== undefined) return { email: name, password, random: false };
  const kept = read(core.dataDir);
  return { email: name, password: kept?.email === name ? kept.password : randomPassword(), random: true };
}

/** Keeps a random password for the next start's screen; readable by its owner only. */
export function keepForNextStart({ dataDir }: CoreConfig, { email, password }: AdminCredentials): void {
  mkdirSync(dataDir, { recursive: true });
  writeFileSync(join(dataDir, FILE), `${JSON.stringify({ email, password })}\n`, { mode: 0o600 });
}

function read(dataDir: string): { email: string; password: string } | undefined {
  try {
    return JSON.parse(readFileSync(join(dataDir, FILE), 'utf8')) as { email: string; password: string };
  } catch {
    return undefined;
  }
}

function randomPassword(): string {
  return randomBytes(15).toString('base64url');
}
