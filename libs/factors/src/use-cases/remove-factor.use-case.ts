import { Injectable } from '@nestjs/common';
import { Database, type Origin } from '@countersign/core';
import { UserStore } from '@countersign/directory';
import { FactorRemover } from '../enrolment/factor-remover.js';
import { type CleanUp, RemoteCleanUp } from '../enrolment/remote-clean-up.js';
import { FactorStore } from '../factor.store.js';
import type { Subject } from '../subject.js';

/** Whose factor goes, and who asked. */
export interface RemoveFactorInput {
  readonly subject: Subject;
  /** UUID. */
  readonly factorId: string;
  readonly origin: Origin;
}

/** How a removal ended. */
export type RemoveFactorResult =
  | 'removed'
  | 'unknown'
  /** Factors, password or status changed after the request was let in: what it was let in for may be gone. */
  | 'user-changed';

/** Removes a factor, with everything that follows from it; then its provider may clean up. */
@Injectable()
export class RemoveFactor {
  constructor(
    private readonly users: UserStore,
    private readonly factors: FactorStore,
    private readonly remover: FactorRemover,
    private readonly cleanUp: RemoteCleanUp,
    private readonly database: Database,
  ) {}

  async run({ subject, factorId, origin }: RemoveFactorInput): Promise<RemoveFactorResult> {
    const { userId, application } = subject;
    let cleanUp: CleanUp | undefined;
    const result = await this.database.transaction(async (tx): Promise<RemoveFactorResult> => {
      if ((await this.users.lock(tx, userId)) !== subject.securityEpoch) return 'user-changed';
      const factor = await this.factors.find(tx, userId, factorId);
      if (factor === undefined) return 'unknown';
      const doomed = await this.remover.doomed(tx, userId, factor);
      cleanUp = await this.cleanUp.prepare(tx, subject, doomed);
      await this.remover.remove(tx, { applicationId: application.id, userId, origin }, doomed);
      return 'removed';
    });
    await cleanUp?.();
    return result;
  }
}
