import { Injectable } from '@nestjs/common';
import { Database, Erasures, EventLog, type Origin, type Tx } from '@countersign/core';
import { UserStore } from './user.store.js';

/** Whom to erase, and who asked. */
export interface EraseUserInput {
  readonly userId: string;
  /** The epoch that the request was let in under. */
  readonly securityEpoch: number;
  readonly applicationId: string;
  readonly role: 'user' | 'admin';
  readonly origin: Origin;
  /** Asked once the user is locked: what speaks against it by then. */
  readonly unless?: (tx: Tx) => Promise<boolean>;
}

/** How it ended. */
export type Erasure = 'erased' | 'last-admin' | 'gone' | 'changed';

/**
 * Erases a person: the user and everything of theirs; their events stay, without address and user agent. Of a user who
 * has left very much the rest is cleared by workers, when the user has gone already.
 */
@Injectable()
export class EraseUser {
  constructor(
    private readonly database: Database,
    private readonly users: UserStore,
    private readonly events: EventLog,
    private readonly erasures: Erasures,
  ) {}

  /**
   * @returns `last-admin` where the application would be left without an administrator, `gone` where the user was
   * erased already, `changed` where factors, password or status are not what they were; nothing was changed then
   */
  async run({
    userId,
    securityEpoch,
    applicationId,
    role,
    origin,
    unless,
  }: EraseUserInput): Promise<Erasure> {
    return this.database.transaction(async (tx) => {
      if (role === 'admin') {
        const admins = await this.users.lockAdmins(tx, applicationId);
        if (admins.every((id) => id === userId)) return 'last-admin';
      }
      // Suspended users too.
      const user = await this.users.lockAny(tx, userId);
      if (user === undefined) return 'gone';
      if (user.securityEpoch !== securityEpoch || (await unless?.(tx)) === true) return 'changed';
      await this.events.append(tx, { type: 'user.deleted', applicationId, userId, origin, data: {} });
      await this.users.delete(tx, userId);
      await this.erasures.begin(tx, userId);
      return 'erased';
    });
  }
}
