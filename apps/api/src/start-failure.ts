import {
  ConfigError,
  EmbeddedPostgresError,
  EvictingRedis,
  isDatabaseUnavailable,
  MasterKeyMismatch,
  MigrationBlocked,
  UnusableDatabase,
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
  UnusableDatabase,
];

/** What an operator can act on is said in a sentence; anything else is a bug and shows its stack. */
export function explain(error: unknown): string {
  if (error instanceof Error && PLAIN.some((plain) => error instanceof plain)) return error.message;
  const trouble = connectionTrouble(error);
  if (trouble !== undefined) return `DATABASE_URL: ${trouble}`;
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

const UNKNOWN_HOST = new Set(['ENOTFOUND', 'EAI_AGAIN']);
const UNKNOWN_AUTHORITY = new Set([
  ...['SELF_SIGNED_CERT_IN_CHAIN', 'DEPTH_ZERO_SELF_SIGNED_CERT', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'],
  ...['UNABLE_TO_GET_ISSUER_CERT', 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'CERT_UNTRUSTED'],
]);

/**
 * What is wrong between us and PostgreSQL where its own message would not help. The host is never named: it may be a
 * piece of a password that was not percent-encoded.
 */
function connectionTrouble(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  if (UNKNOWN_HOST.has(code)) {
    return `its host is not known (${code}). In user and password / ? # @ and % must be percent-encoded.`;
  }
  if (UNKNOWN_AUTHORITY.has(code)) {
    return (
      `the certificate of PostgreSQL is signed by an authority that is not known here (${code}). Add ` +
      'sslmode=verify-full&sslrootcert=/path/to/authority.pem, or set NODE_EXTRA_CA_CERTS to that file.'
    );
  }
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    return 'the certificate of PostgreSQL is for another name. Name the host as the certificate does.';
  }
  if (code === 'CERT_HAS_EXPIRED' || code === 'CERT_NOT_YET_VALID') {
    return `the certificate of PostgreSQL is not valid at this time (${code}). Renew it, or set the clock right.`;
  }
  if (/does not support SSL connections/.test(error.message)) {
    return 'PostgreSQL offers no TLS. Switch it on there (ssl = on), or take sslmode out.';
  }
  if (/establishing an SSL connection|SSL|TLS|EPROTO|certificate/i.test(`${code} ${error.message}`)) {
    return `TLS cannot be used (${code === '' ? error.message : code}). Check sslmode and the files that it needs.`;
  }
  return undefined;
}

// The error of a name with several addresses has a code and no message.
function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.message || ('code' in error && typeof error.code === 'string' ? error.code : error.name);
}
