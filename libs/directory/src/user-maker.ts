import { Injectable } from '@nestjs/common';
import { Clock, EventLog, newId, type Origin, type Tx } from '@countersign/core';
import { type KnownUser, UserStore } from './user.store.js';

/** A user about to be made. UUIDs. */
export interface UserToMake {
  readonly id: string;
  readonly applicationId: string;
  /** The application's own id for the user; checked. */
  readonly externalId: string;
  readonly origin: Origin;
}

/** How often a user that is there at one statement may be gone at the next. */
const MAX_ROUNDS = 10;

/** Makes the users whom servers name by ids of their own, with their event. */
@Injectable()
export class UserMaker {
  constructor(
    private readonly users: UserStore,
    private readonly events: EventLog,
    private readonly clock: Clock,
  ) {}

  /**
   * Finds a user, or makes one. Two requests for the same user at the same time make one between them.
   * @param externalId the application's own id for the user; checked
   * @returns `undefined` where other requests make the user and erase them again all the time
   */
  async ensure(
    tx: Tx,
    applicationId: string,
    externalId: string,
    origin: Origin,
  ): Promise<{ readonly user: KnownUser; readonly made: boolean } | undefined> {
    for (let round = 0; round < MAX_ROUNDS; round += 1) {
      const made = await this.make(tx, { id: newId(this.clock), applicationId, externalId, origin });
      const user = await this.users.byExternalId(tx, applicationId, externalId);
      // The one who was there may have been erased between the two statements.
      if (user !== undefined) return { user, made };
    }
    return undefined;
  }

  /** Makes a user under an id of ours. @returns `false` where the application has a user of that name already */
  async make(tx: Tx, { id, applicationId, externalId, origin }: UserToMake): Promise<boolean> {
    const made = await this.users.insertKnown(tx, id, applicationId, externalId);
    if (made) {
      await this.events.append(tx, { type: 'user.created', applicationId, userId: id, origin, data: {} });
    }
    return made;
  }
}
