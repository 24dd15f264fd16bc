import { Injectable } from '@nestjs/common';
import { Clock, Database, newId, type Origin, type Tx } from '@countersign/core';
import { type Application, UserMaker, UserStore } from '@countersign/directory';
import { type Subject, subjectOfUser } from '../subject.js';

/** A user whom a server names for the first time: made with the first factor. */
export interface NewUser {
  readonly application: Application;
  /** The application's own id for the user; checked. */
  readonly externalId: string;
}

/** The epoch of a user who was just made. */
const FIRST_EPOCH = 1;

/**
 * The users that factors are written for. One who is new is made by the transaction that writes the first factor, so
 * that an enrolment that fails leaves nothing, and has nothing to clean up that another request made.
 */
@Injectable()
export class FactorOwners {
  constructor(
    private readonly users: UserStore,
    private readonly maker: UserMaker,
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  /** The user as the engine sees them: as they are where another request has made them meanwhile, else as they will be. */
  async subjectOf({ application, externalId }: NewUser): Promise<Subject> {
    const user = await this.users.byExternalId(this.database.direct, application.id, externalId);
    if (user !== undefined) return subjectOfUser(user, application);
    return {
      application,
      userId: newId(this.clock),
      securityEpoch: FIRST_EPOCH,
      account: externalId,
      locale: null,
      toBeMade: { externalId },
    };
  }

  /**
   * Locks the user until the transaction ends; one who is new is made.
   * @returns whether the user is the one that the factor was made for, unchanged
   */
  async lock(tx: Tx, subject: Subject, origin: Origin): Promise<boolean> {
    const { application, userId, securityEpoch, toBeMade } = subject;
    if (toBeMade === undefined) return (await this.users.lock(tx, userId)) === securityEpoch;
    return this.maker.make(tx, { id: userId, applicationId: application.id, ...toBeMade, origin });
  }

  /** Ends everything that was derived from the user so far. Call with the user locked. */
  async bumpEpoch(tx: Tx, userId: string): Promise<void> {
    await this.users.bumpEpoch(tx, userId);
  }
}
