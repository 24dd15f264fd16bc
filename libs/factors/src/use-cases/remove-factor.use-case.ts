import { Injectable } from '@nestjs/common';
import { Database, type EventDraft, EventLog, type Origin, publicId, type Tx } from '@countersign/core';
import { UserStore } from '@countersign/directory';
import { FactorStore, type FactorView } from '../factor.store.js';
import { FactorRegistry } from '../registry/factor-registry.js';

/** Whose factor goes, and who asked. UUIDs. */
export interface RemoveFactorInput {
  readonly applicationId: string;
  readonly userId: string;
  readonly factorId: string;
  readonly origin: Origin;
}

/**
 * Removes a factor. With the last one the recovery factors go too; a removed default hands over to the oldest that
 * is left.
 */
@Injectable()
export class RemoveFactor {
  constructor(
    private readonly factors: FactorStore,
    private readonly users: UserStore,
    private readonly registry: FactorRegistry,
    private readonly events: EventLog,
    private readonly database: Database,
  ) {}

  /** @returns whether the user had the factor */
  async run(input: RemoveFactorInput): Promise<boolean> {
    const { userId, factorId } = input;
    return this.database.transaction(async (tx) => {
      if ((await this.factors.lockUser(tx, userId)) === undefined) return false;
      const factor = await this.factors.find(tx, userId, factorId);
      if (factor === undefined) return false;
      await this.factors.delete(tx, [factorId]);
      // An enrolment that never ended protected nothing: nothing stood on it.
      if (factor.status === 'active') await this.#consequences(tx, input, factor);
      return true;
    });
  }

  async #consequences(tx: Tx, input: RemoveFactorInput, removed: FactorView): Promise<void> {
    const left = await this.factors.active(tx, input.userId);
    const proper = left.filter((factor) => !this.registry.isRecovery(factor.type));
    const orphaned = proper.length === 0 ? left : [];
    await this.factors.delete(
      tx,
      orphaned.map((factor) => factor.id),
    );
    const heir = removed.isDefault ? proper[0] : undefined;
    if (heir !== undefined) await this.factors.makeDefault(tx, input.userId, heir.id);
    await this.users.bumpEpoch(tx, input.userId);

    const gone = [removed, ...orphaned];
    const disabled = proper.length === 0 && !this.registry.isRecovery(removed.type);
    await this.events.append(
      tx,
      ...gone.map(({ id, type }) =>
        this.#event('factor.removed', input, { factorId: publicId('fac', id), factorType: type }),
      ),
      ...(disabled ? [this.#event('two_factor.disabled', input, {})] : []),
    );
  }

  #event(
    type: EventDraft['type'],
    { applicationId, userId, origin }: RemoveFactorInput,
    data: EventDraft['data'],
  ): EventDraft {
    return { type, applicationId, userId, origin, data };
  }
}
