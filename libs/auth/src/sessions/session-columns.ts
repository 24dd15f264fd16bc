import type { Account } from '../accounts/account.js';
import type { Session, SessionOfAccount } from './session.js';

/** The columns of a `Session`, of a row named `session`. */
export const SESSION_COLUMNS = `
          session.id AS "sessionId", session.amr, session.auth_time AS "authTime", session.mfa_time AS "mfaTime",
          session.expires_at AS "expiresAt", session.ends_at AS "endsAt"`;

/** A session lives while nothing that it stands on has changed. `$2` is the present moment. */
export const LIVE = `session.revoked_at IS NULL AND session.expires_at > $2 AND session.ends_at > $2
          AND users.status = 'active' AND users.security_epoch = session.security_epoch`;

/** A row that joins a session and its account. */
export type SessionRow = Account & Omit<Session, 'id'> & { readonly sessionId: string };

/** Takes such a row apart. */
export function sessionOfAccount(row: SessionRow): SessionOfAccount {
  const { sessionId, amr, authTime, mfaTime, expiresAt, endsAt, ...account } = row;
  return { session: { id: sessionId, amr, authTime, mfaTime, expiresAt, endsAt }, account };
}
