import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { ConfigError } from '@countersign/core';

const FLAG = /^--role=(.*)$/s;

/**
 * The environment of a process: its variables, those of a `.env` file beneath them, and its flags above them.
 * @throws ConfigError for a flag that nobody knows
 */
export function environmentFrom(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Record<string, string | undefined> {
  const unknown = args.filter((arg) => !FLAG.test(arg));
  if (unknown.length > 0) {
    throw new ConfigError(
      unknown.map((arg) => ({ variable: arg, message: 'is not known; expected --role=api|worker|all' })),
    );
  }
  const role = args.map((arg) => FLAG.exec(arg)?.[1]).findLast((value) => value !== undefined);
  return { ...fileVariables(), ...env, ...(role === undefined ? {} : { ROLE: role }) };
}

function fileVariables(): Record<string, string | undefined> {
  const file = join(process.cwd(), '.env');
  if (!existsSync(file)) return {};
  try {
    return parseEnv(readFileSync(file, 'utf8'));
  } catch {
    throw new ConfigError([{ variable: file, message: 'cannot be read' }]);
  }
}
