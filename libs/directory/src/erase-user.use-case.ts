import { Injectable } from '@nestjs/common';
import { Database, EventLog, type Origin } from '@countersign/core';
import { UserStore } from './user.store.js';

/** Whom to erase, and who asked. */
export interface EraseUserInput {
  readonly userId: string;
  readonly applicationId: string;
  readonly role: 'user' | 'admin';
  readonly origin: Origin;
}

/** Erases a person: the user and everything of theirs; their events stay, without address and user agent. */
@Injectable()
export class EraseUser {
  constructor(
    private readonly database: Database,
    private readonly users: UserStore,
    private readonly events: EventLog,
  ) {}

  /** @returns `last-admin` where the application would be left without an administrator; nothing was changed */
  async run({ userId, applicationId, role, origin }: EraseUserInput): Promise<'erased' | 'last-admin'> {
    return this.database.transaction(async (tx) => {
      if (role === 'admin') {
        const admins = await this.users.lockAdmins(tx, applicationId);
        if (admins.every((id) => id === userId)) return 'last-admin';
      }
      await this.events.append(tx, { type: 'user.deleted', applicationId, userId, origin, data: {} });
      await this.users.delete(tx, userId);
      await this.events.erase(tx, userId);
      return 'erased';
    });
  }
}
