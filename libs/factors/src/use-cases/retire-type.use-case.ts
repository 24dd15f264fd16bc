import { Injectable } from '@nestjs/common';
import { Database, SYSTEM_ORIGIN } from '@countersign/core';
import { Applications } from '@countersign/directory';
import { FactorRemover } from '../enrolment/factor-remover.js';
import { type CleanUp, RemoteCleanUp } from '../enrolment/remote-clean-up.js';
import { type FactorOwner, FactorStore } from '../factor.store.js';
import { subjectOfUser } from '../subject.js';

const USERS_AT_ONCE = 500;

/** Which type goes. */
export interface RetireTypeInput {
  readonly type: string;
  /** Called after each batch, with what has gone so far. */
  readonly progress: (soFar: Retired) => void;
}

/** What has gone. */
export interface Retired {
  /** Of the type, without the recovery factors that went with them. */
  readonly factors: number;
  readonly users: number;
}

/**
 * Removes every factor of one type, user by user, as each user could: with the events, with the recovery factors of
 * those who have nothing else, and with the end of their sessions and devices. The type need not have a provider. What
 * was done stays done where it is interrupted; run again, it goes on.
 */
@Injectable()
export class RetireType {
  constructor(
    private readonly factors: FactorStore,
    private readonly remover: FactorRemover,
    private readonly cleanUp: RemoteCleanUp,
    private readonly applications: Applications,
    private readonly database: Database,
  ) {}

  async run({ type, progress }: RetireTypeInput): Promise<Retired> {
    let retired: Retired = { factors: 0, users: 0 };
    for (;;) {
      const owners = await this.factors.ownersOfType(this.database.batches, type, USERS_AT_ONCE);
      if (owners.length === 0) return retired;
      for (const owner of owners) {
        const removed = await this.#ofUser(owner, type);
        retired = { factors: retired.factors + removed, users: retired.users + 1 };
      }
      progress(retired);
    }
  }

  async #ofUser({ userId, applicationId }: FactorOwner, type: string): Promise<number> {
    const application = await this.applications.byId(applicationId);
    if (application === undefined) throw new Error('A factor belongs to no application');
    let cleanUp: CleanUp | undefined;
    const removed = await this.database.transaction(async (tx) => {
      const found = await this.remover.lockOfType(tx, userId, type);
      // Erased since the owners were read, and the factors with them.
      if (found === undefined) return 0;
      const { user, doomed } = found;
      cleanUp = await this.cleanUp.prepare(tx, subjectOfUser(user, application), doomed);
      await this.remover.remove(tx, { applicationId, userId, origin: SYSTEM_ORIGIN }, doomed);
      return doomed.filter((factor) => factor.type === type).length;
    });
    await cleanUp?.();
    return removed;
  }
}
