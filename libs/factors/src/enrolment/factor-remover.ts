import { Injectable } from '@nestjs/common';
import { type EventDraft, EventLog, type Origin, publicId, type Tx } from '@countersign/core';
import { type KnownUser, UserStore } from '@countersign/directory';
import { FactorStore, type FactorView } from '../factor.store.js';
import { FactorRegistry } from '../registry/factor-registry.js';

/** Whose factor goes, and who asked. UUIDs. */
export interface Removal {
  readonly applicationId: string;
  readonly userId: string;
  readonly origin: Origin;
}

/**
 * Removes a factor and what cannot be without it: with the last one the recovery factors go too; a removed default
 * hands over to the oldest that is left.
 */
@Injectable()
export class FactorRemover {
  constructor(
    private readonly factors: FactorStore,
    private readonly users: UserStore,
    private readonly registry: FactorRegistry,
    private readonly events: EventLog,
  ) {}

  /** Everything that goes with a factor, itself first. */
  async doomed(tx: Tx, userId: string, factor: FactorView): Promise<FactorView[]> {
    if (factor.status !== 'active') return [factor];
    const left = (await this.factors.active(tx, userId)).filter(({ id }) => id !== factor.id);
    return left.every(({ type }) => this.registry.isRecovery(type)) ? [factor, ...left] : [factor];
  }

  /**
   * Locks a user, suspended ones too, and finds every factor of one type, pending ones included, with what goes with
   * them.
   * @returns `undefined` where there is no such user
   */
  async lockOfType(
    tx: Tx,
    userId: string,
    type: string,
  ): Promise<{ readonly user: KnownUser; readonly doomed: readonly FactorView[] } | undefined> {
    const user = await this.users.lockAny(tx, userId);
    if (user === undefined) return undefined;
    const all = await this.factors.every(tx, userId);
    const retired = all.filter((factor) => factor.type === type);
    const left = all.filter((factor) => factor.type !== type && factor.status === 'active');
    const lonely =
      retired.some(({ status }) => status === 'active') &&
      left.every((factor) => this.registry.isRecovery(factor.type));
    return { user, doomed: lonely ? [...retired, ...left] : retired };
  }

  /** Removes them. Call with the user locked. */
  async remove(tx: Tx, removal: Removal, doomed: readonly FactorView[]): Promise<void> {
    await this.factors.delete(
      tx,
      doomed.map(({ id }) => id),
    );
    const active = doomed.filter(({ status }) => status === 'active');
    // An enrolment that never ended protected nothing: nothing stood on it.
    if (active.length > 0) await this.#consequences(tx, removal, active);
  }

  async #consequences(tx: Tx, removal: Removal, removed: readonly FactorView[]): Promise<void> {
    const { userId } = removal;
    const left = (await this.factors.active(tx, userId)).filter(
      ({ type }) => !this.registry.isRecovery(type),
    );
    const heir = left.find(({ type }) => this.registry.isUsable(type)) ?? left[0];
    if (heir !== undefined && !heir.isDefault) await this.factors.makeDefault(tx, userId, heir.id);
    await this.users.bumpEpoch(tx, userId);
    const disabled = heir === undefined && removed.some(({ type }) => !this.registry.isRecovery(type));
    await this.events.append(
      tx,
      ...removed.map(({ id, type }, index) =>
        draft('factor.removed', removal, {
          factorId: publicId('fac', id),
          factorType: type,
          ...(index === 0 ? {} : { removedWith: publicId('fac', removed[0]?.id ?? id) }),
        }),
      ),
      ...(disabled ? [draft('two_factor.disabled', removal, {})] : []),
    );
  }
}

function draft(type: EventDraft['type'], removal: Removal, data: EventDraft['data']): EventDraft {
  return { type, ...removal, data };
}
