import { Injectable } from '@nestjs/common';
import { Clock, type Tx } from '@countersign/core';
import { AccessTokens, type IssuedAccessToken } from '../tokens/access-tokens.js';
import type { Session } from './session.js';
import { SessionStore } from './session.store.js';

/** Notes that a session's password was proven again, and says so in a new access token. */
@Injectable()
export class FreshPasswordProof {
  constructor(
    private readonly sessions: SessionStore,
    private readonly accessTokens: AccessTokens,
    private readonly clock: Clock,
  ) {}

  /** @returns `undefined` where the session has ended meanwhile */
  async note(tx: Tx, { id, amr }: Session): Promise<IssuedAccessToken | undefined> {
    const proven = await this.sessions.proveAgain(tx, id, { authTime: this.clock.now(), amr });
    return proven && this.accessTokens.issue(proven);
  }
}
