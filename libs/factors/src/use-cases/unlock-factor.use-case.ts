import { Injectable } from '@nestjs/common';
import { Database, EventLog, type Origin, publicId } from '@countersign/core';
import { FactorStore } from '../factor.store.js';
import type { Subject } from '../subject.js';

/** Whose factor, and who vouches for them. */
export interface UnlockFactorInput {
  readonly subject: Subject;
  /** UUID. */
  readonly factorId: string;
  readonly origin: Origin;
}

/** Lets a factor take answers again that a hundred wrong ones in a row have locked. */
@Injectable()
export class UnlockFactor {
  constructor(
    private readonly factors: FactorStore,
    private readonly events: EventLog,
    private readonly database: Database,
  ) {}

  /** @returns whether the user has the factor; one that is not locked stays as it is */
  async run({ subject, factorId, origin }: UnlockFactorInput): Promise<boolean> {
    const { userId, application } = subject;
    return this.database.transaction(async (tx) => {
      const factor = await this.factors.find(tx, userId, factorId);
      if (factor === undefined) return false;
      if (!(await this.factors.unlock(tx, factorId))) return true;
      await this.events.append(tx, {
        type: 'factor.unlocked',
        applicationId: application.id,
        userId,
        origin,
        data: { factorId: publicId('fac', factorId), factorType: factor.type },
      });
      return true;
    });
  }
}
