import {
  ConfigError,
  EmbeddedPostgresError,
  EvictingRedis,
  isDatabaseUnavailable,
  MasterKeyMismatch,
  MigrationBlocked,
} from '@countersign/core';
import { FactorRegistryError } from '@countersign/factors';

/** A start that cannot go on, for a reason that its message says in full. */
export class StartFailure extends Error {
  override readonly name = 'StartFailure';
}

const PLAIN = [
  ConfigError,
  EmbeddedPostgresError,
  EvictingRedis,
  FactorRegistryError,
  MasterKeyMismatch,
  MigrationBlocked,
  StartFailure,
];

/** What an operator can act on is said in a sentence; anything else is a bug and shows its stack. */
export function explain(error: unknown): string {
  if (error instanceof Error && PLAIN.some((plain) => error instanceof plain)) return error.message;
  if (isDatabaseUnavailable(error)) {
    return `DATABASE_URL: PostgreSQL cannot be used (${causeOf(error)}). Check that it runs and lets this user in.`;
  }
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

/** Why the port cannot be listened on. */
export function listenFailure(error: unknown, host: string, port: number): StartFailure {
  const { code } = error as NodeJS.ErrnoException;
  switch (code) {
    case 'EADDRINUSE':
      return new StartFailure(
        `Port ${port} is taken by another program. Stop it, or choose another: PORT=${port + 1} npm start`,
      );
    case 'EACCES':
      return new StartFailure(`Port ${port} may not be used by this user. Choose one above 1023 with PORT.`);
    default:
      return new StartFailure(`HOST: ${host} cannot be listened on (${causeOf(error)}).`);
  }
}

// The error of a name with several addresses has a code and no message.
function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.message || ('code' in error && typeof error.code === 'string' ? error.code : error.name);
}
