import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Database, type EventDraft, EventLog, type Origin, publicId, type Tx } from '@countersign/core';
import type { SessionOfAccount } from './session.js';
import { SessionStore } from './session.store.js';

/** Why sessions ended, in the event. */
type Reason = 'logout' | 'revoked' | 'credentials_changed' | 'reuse_detected' | 'suspended';

/** Whose sessions end, and who asked. UUIDs. */
export interface EndSessions {
  readonly applicationId: string;
  readonly userId: string;
  readonly origin: Origin;
}

/** Ends sessions: when asked, and with everything that they stood on. */
@Injectable()
export class SessionEnder implements OnModuleInit {
  constructor(
    private readonly sessions: SessionStore,
    private readonly events: EventLog,
    private readonly database: Database,
  ) {}

  onModuleInit(): void {
    // Another factor more weakens nothing: sessions follow their user into the new epoch.
    this.events.subscribe(['factor.activated'], async (tx, { userId }) => {
      if (userId !== null) await this.sessions.joinEpoch(tx, userId, null);
    });
    this.events.subscribe(['two_factor.enabled', 'factor.removed', 'password.changed'], (tx, event) =>
      this.#endOthers(tx, event),
    );
    this.events.subscribe(['two_factor.disabled'], async (tx, { userId }) => {
      if (userId !== null) await this.sessions.forgetSecondFactor(tx, userId);
    });
    this.events.subscribe(['user.updated'], async (tx, event) => {
      if (event.data['status'] === 'suspended') await this.#endAll(tx, event, 'suspended');
      if (event.data['claimed'] === true) await this.#endAll(tx, event, 'credentials_changed');
    });
  }

  /** Ends one session of a user. @returns whether it was alive */
  async end(owner: EndSessions, sessionId: string, reason: 'logout' | 'revoked'): Promise<boolean> {
    return this.database.transaction(async (tx) => {
      const ended = await this.sessions.revoke(tx, owner.userId, { only: sessionId });
      await this.#tell(tx, owner, ended, reason);
      return ended.length > 0;
    });
  }

  /** Ends every session of a user but one. */
  async endOthers(owner: EndSessions, spared: string): Promise<void> {
    await this.database.transaction(async (tx) => {
      await this.#tell(
        tx,
        owner,
        await this.sessions.revoke(tx, owner.userId, { allBut: spared }),
        'revoked',
      );
    });
  }

  /** Ends every session of a user. */
  async endEach(owner: EndSessions): Promise<void> {
    await this.database.transaction(async (tx) => {
      await this.#tell(tx, owner, await this.sessions.revoke(tx, owner.userId, { allBut: null }), 'revoked');
    });
  }

  /** Ends a session whose spent refresh token came back (RFC 9700 section 4.14.2). */
  async endStolen({ session, account }: SessionOfAccount, origin: Origin): Promise<void> {
    const owner = { applicationId: account.applicationId, userId: account.id, origin };
    await this.database.transaction(async (tx) => {
      const ended = await this.sessions.revoke(tx, account.id, { only: session.id });
      if (ended.length === 0) return;
      await this.events.append(tx, {
        type: 'session.reuse_detected',
        ...owner,
        data: { sessionId: publicId('ses', session.id) },
      });
      await this.#tell(tx, owner, ended, 'reuse_detected');
    });
  }

  // The epoch has ended them already; the session that made the change follows into the new one.
  async #endOthers(tx: Tx, { applicationId, userId, origin }: EventDraft): Promise<void> {
    if (userId === null) return;
    if (origin.sessionId !== null) await this.sessions.joinEpoch(tx, userId, origin.sessionId);
    const ended = await this.sessions.revoke(tx, userId, { allBut: origin.sessionId });
    await this.#tell(tx, { applicationId, userId, origin }, ended, 'credentials_changed');
  }

  async #endAll(tx: Tx, { applicationId, userId, origin }: EventDraft, reason: Reason): Promise<void> {
    if (userId === null) return;
    const ended = await this.sessions.revoke(tx, userId, { allBut: null });
    await this.#tell(tx, { applicationId, userId, origin }, ended, reason);
  }

  async #tell(tx: Tx, owner: EndSessions, ids: readonly string[], reason: Reason): Promise<void> {
    if (ids.length === 0) return;
    await this.events.append(
      tx,
      ...ids.map((id) => ({
        type: 'session.revoked' as const,
        ...owner,
        data: { sessionId: publicId('ses', id), reason },
      })),
    );
  }
}
