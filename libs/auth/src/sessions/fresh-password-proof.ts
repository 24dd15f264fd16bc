import { Injectable } from '@nestjs/common';
import { Clock, type Origin, type Tx } from '@countersign/core';
import { AccessTokens, type IssuedAccessToken } from '../tokens/access-tokens.js';
import type { SessionOfAccount } from './session.js';
import { SessionStore } from './session.store.js';
import { steppedUp } from './stepped-up.js';

/** Notes that a session's password was proven again, and says so in a new access token. */
@Injectable()
export class FreshPasswordProof {
  constructor(
    private readonly sessions: SessionStore,
    private readonly accessTokens: AccessTokens,
    private readonly clock: Clock,
  ) {}

  /** @returns `undefined` where the session has ended meanwhile */
  async note(
    tx: Tx,
    { account, session: { id, amr } }: SessionOfAccount,
    origin: Origin,
  ): Promise<IssuedAccessToken | undefined> {
    const of = { applicationId: account.applicationId, userId: account.id, sessionId: id, origin };
    const event = steppedUp(of, { method: 'password' });
    const proven = await this.sessions.proveAgain(tx, id, { authTime: this.clock.now(), amr }, event);
    return proven && this.accessTokens.issue(proven);
  }
}
