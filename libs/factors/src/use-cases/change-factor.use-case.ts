import { Injectable } from '@nestjs/common';
import { Database } from '@countersign/core';
import { UserStore } from '@countersign/directory';
import { FactorStore, type FactorView } from '../factor.store.js';
import { FactorRegistry } from '../registry/factor-registry.js';

/** What is to change; absent fields stay. UUIDs. */
export interface ChangeFactorInput {
  readonly userId: string;
  readonly securityEpoch: number;
  readonly factorId: string;
  readonly label?: string | null;
  readonly makeDefault: boolean;
}

/** How a change ended. */
export type ChangeFactorResult =
  | { readonly outcome: 'changed'; readonly factor: FactorView }
  | { readonly outcome: 'unknown' }
  /** Factors, password or status changed after the request was let in. */
  | { readonly outcome: 'user-changed' }
  /** Pending and recovery factors cannot be the default. */
  | { readonly outcome: 'not-eligible' };

/** Renames a factor, or makes it the one that a code without a factor id is for. */
@Injectable()
export class ChangeFactor {
  constructor(
    private readonly users: UserStore,
    private readonly factors: FactorStore,
    private readonly registry: FactorRegistry,
    private readonly database: Database,
  ) {}

  async run({
    userId,
    securityEpoch,
    factorId,
    label,
    makeDefault,
  }: ChangeFactorInput): Promise<ChangeFactorResult> {
    return this.database.transaction(async (tx) => {
      if ((await this.users.lock(tx, userId)) !== securityEpoch) return { outcome: 'user-changed' };
      const factor = await this.factors.find(tx, userId, factorId);
      if (factor === undefined) return { outcome: 'unknown' };
      if (makeDefault && (factor.status !== 'active' || this.registry.isRecovery(factor.type))) {
        return { outcome: 'not-eligible' };
      }
      if (label !== undefined) await this.factors.rename(tx, factorId, label);
      if (makeDefault) await this.factors.makeDefault(tx, userId, factorId);
      const changed = await this.factors.find(tx, userId, factorId);
      return changed === undefined ? { outcome: 'unknown' } : { outcome: 'changed', factor: changed };
    });
  }
}
