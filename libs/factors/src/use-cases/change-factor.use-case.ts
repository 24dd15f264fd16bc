import { Injectable } from '@nestjs/common';
import { Database, EventLog, type Origin, publicId } from '@countersign/core';
import { UserStore } from '@countersign/directory';
import { FactorStore, type FactorView } from '../factor.store.js';
import { FactorRegistry } from '../registry/factor-registry.js';
import type { Subject } from '../subject.js';

/** What is to change; absent fields stay. UUIDs. */
export interface ChangeFactorInput {
  readonly subject: Subject;
  readonly factorId: string;
  readonly label?: string | null;
  readonly makeDefault: boolean;
  readonly origin: Origin;
}

/** How a change ended. */
export type ChangeFactorResult =
  | { readonly outcome: 'changed'; readonly factor: FactorView }
  | { readonly outcome: 'unknown' }
  /** Factors, password or status changed after the request was let in. */
  | { readonly outcome: 'user-changed' }
  /** Pending, recovery and retired factors cannot be the default. */
  | { readonly outcome: 'not-eligible' };

/** Renames a factor, or makes it the one that a code without a factor id is for. */
@Injectable()
export class ChangeFactor {
  constructor(
    private readonly users: UserStore,
    private readonly factors: FactorStore,
    private readonly registry: FactorRegistry,
    private readonly events: EventLog,
    private readonly database: Database,
  ) {}

  async run({
    subject: { application, userId, securityEpoch },
    factorId,
    label,
    makeDefault,
    origin,
  }: ChangeFactorInput): Promise<ChangeFactorResult> {
    return this.database.transaction(async (tx) => {
      if ((await this.users.lock(tx, userId)) !== securityEpoch) return { outcome: 'user-changed' };
      const factor = await this.factors.find(tx, userId, factorId);
      if (factor === undefined) return { outcome: 'unknown' };
      const eligible =
        factor.status === 'active' &&
        this.registry.isUsable(factor.type) &&
        !this.registry.isRecovery(factor.type);
      if (makeDefault && !eligible) {
        return { outcome: 'not-eligible' };
      }
      // Only what differs: to say again what is known changes nothing.
      const renamed = label !== undefined && label !== factor.label;
      const preferred = makeDefault && !factor.isDefault;
      const fields = [...(renamed ? ['label'] : []), ...(preferred ? ['isDefault'] : [])];
      if (fields.length === 0) return { outcome: 'changed', factor };
      if (renamed) await this.factors.rename(tx, factorId, label);
      if (preferred) await this.factors.makeDefault(tx, userId, factorId);
      await this.events.append(tx, {
        type: 'factor.updated',
        applicationId: application.id,
        userId,
        origin,
        data: { factorId: publicId('fac', factorId), factorType: factor.type, fields },
      });
      const changed = await this.factors.find(tx, userId, factorId);
      return changed === undefined ? { outcome: 'unknown' } : { outcome: 'changed', factor: changed };
    });
  }
}
