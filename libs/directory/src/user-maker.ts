import { Injectable } from '@nestjs/common';
import { Clock, EventLog, newId, type Origin, type Tx } from '@countersign/core';
import { type KnownUser, UserStore } from './user.store.js';

/** Makes the users whom servers name by ids of their own, with their event. */
@Injectable()
export class UserMaker {
  constructor(
    private readonly users: UserStore,
    private readonly events: EventLog,
    private readonly clock: Clock,
  ) {}

  /**
   * Finds a user, or makes one. Two who ask for the same at once make one between them.
   * @param externalId the application's own id for the user; checked
   */
  async ensure(
    tx: Tx,
    applicationId: string,
    externalId: string,
    origin: Origin,
  ): Promise<{ readonly user: KnownUser; readonly made: boolean }> {
    const id = newId(this.clock);
    const made = await this.users.insertKnown(tx, id, applicationId, externalId);
    if (made) {
      await this.events.append(tx, { type: 'user.created', applicationId, userId: id, origin, data: {} });
    }
    const user = await this.users.byExternalId(tx, applicationId, externalId);
    if (user === undefined) throw new Error('A user that was just made is gone');
    return { user, made };
  }
}
