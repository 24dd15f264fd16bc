import { randomBytes } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AuthConfig } from '@countersign/auth';
import type { CoreConfig } from '@countersign/core';

/** The first administrator, as a start outside production shows it. */
export interface AdminCredentials {
  readonly email: string;
  /** Absent where only the operator, or whoever changed it since, knows it. */
  readonly password: string | undefined;
}

interface Kept {
  readonly email: string;
  readonly password: string;
}

const FILE = 'first-administrator.json';

/** Forgets the kept password of an address, because it has another one now. */
export function forgetKeptPassword({ dataDir }: CoreConfig, email: string): void {
  if (keptFor(dataDir, email) !== undefined) rmSync(join(dataDir, FILE), { force: true });
}

function keptFor(dataDir: string, email: string): Kept | undefined {
  try {
    const kept: unknown = JSON.parse(readFileSync(join(dataDir, FILE), 'utf8'));
    return isKept(kept) && kept.email === email ? kept : undefined;
  } catch {
    return undefined;
  }
}

/**
 * The first administrator: the operator's; outside production else `admin@localhost` with a random password, which
 * is kept under the data directory so that later starts can show it again.
 */
export class FirstAdministrator {
  private constructor(
    readonly email: string,
    private readonly given: string | undefined,
    private readonly dataDir: string,
  ) {}

  /** @returns `undefined` in production where the operator names none */
  static of(core: CoreConfig, auth: AuthConfig): FirstAdministrator | undefined {
    const { email } = auth.bootstrapAdmin;
    const password = auth.bootstrapAdmin.password?.reveal();
    if (core.production && (email === undefined || password === undefined)) return undefined;
    return new FirstAdministrator(email ?? 'admin@localhost', password, core.dataDir);
  }

  /**
   * The password to make the account with. A random one is on disk before it is used: a start that is killed in
   * between must not leave an account whose password nobody saw.
   */
  password(): string {
    return this.given ?? this.#kept()?.password ?? this.#keep(randomBytes(15).toString('base64url'));
  }

  /** What the screen shows once the account is there. */
  shown(): AdminCredentials {
    return { email: this.email, password: this.given === undefined ? this.#kept()?.password : undefined };
  }

  #kept(): Kept | undefined {
    return keptFor(this.dataDir, this.email);
  }

  #keep(password: string): string {
    mkdirSync(this.dataDir, { recursive: true });
    const file = join(this.dataDir, FILE);
    const draft = `${file}.${process.pid}`;
    writeFileSync(draft, `${JSON.stringify({ email: this.email, password })}\n`, { mode: 0o600 });
    try {
      // A link fails where the file is there already, so that two first starts agree on one password.
      linkSync(draft, file);
    } catch {
      const rival = this.#kept();
      if (rival !== undefined) return rival.password;
      renameSync(draft, file);
    } finally {
      rmSync(draft, { force: true });
    }
    return password;
  }
}

function isKept(value: unknown): value is Kept {
  return (
    typeof value === 'object' &&
    value !== null &&
    'email' in value &&
    typeof value.email === 'string' &&
    'password' in value &&
    typeof value.password === 'string'
  );
}
