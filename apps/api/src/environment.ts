import { existsSync, readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';

/** The environment of a process: its variables, those of a `.env` file beneath them, and its flags above them. */
export function environmentFrom(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Record<string, string | undefined> {
  const file = existsSync('.env') ? parseEnv(readFileSync('.env', 'utf8')) : {};
  const role = args.map((arg) => /^--role=(.*)$/.exec(arg)?.[1]).find((value) => value !== undefined);
  return { ...file, ...env, ...(role === undefined ? {} : { ROLE: role }) };
}
