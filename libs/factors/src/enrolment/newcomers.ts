import { Injectable } from '@nestjs/common';
import { Database, type Origin } from '@countersign/core';
import { type Application, EraseUser, UserMaker } from '@countersign/directory';
import { FactorStore } from '../factor.store.js';
import { type Subject, subjectOfUser } from '../subject.js';

/** A user whom a server names for the first time. */
export interface Newcomer {
  readonly application: Application;
  /** The application's own id for the user; checked. */
  readonly externalId: string;
}

/** Makes users of those for whom a server enrols a first factor. */
@Injectable()
export class Newcomers {
  constructor(
    private readonly users: UserMaker,
    private readonly factors: FactorStore,
    private readonly eraseUser: EraseUser,
    private readonly database: Database,
  ) {}

  /** Makes the user; two who come for the same at once get the same. */
  async admit({ application, externalId }: Newcomer, origin: Origin): Promise<Subject> {
    const { user } = await this.database.transaction((tx) =>
      this.users.ensure(tx, application.id, externalId, origin),
    );
    return subjectOfUser(user, application);
  }

  /** Takes the user back whose first factor came to nothing, unless something else has come of it meanwhile. */
  async dismiss({ userId, securityEpoch, application }: Subject, origin: Origin): Promise<void> {
    if ((await this.factors.count(this.database.direct, userId)) > 0) return;
    await this.eraseUser.run({
      userId,
      securityEpoch,
      applicationId: application.id,
      role: 'user',
      origin,
    });
  }
}
