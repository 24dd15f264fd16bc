import { Injectable } from '@nestjs/common';
import { Database, type EventDraft, EventLog, type Origin, publicId, type Tx } from '@countersign/core';
import { FactorStore, type FactorView, type NewFactor } from '../factor.store.js';
import type { Subject } from '../subject.js';
import { isIdentityTaken } from '../identities/identity.store.js';
import { distinctHint } from './distinct-hint.js';
import { type Activation, EnrolmentStore } from './enrolment.store.js';
import type { MadeFactor } from './factor-maker.js';
import { FactorOwners } from './factor-owners.js';

/** What becomes active, for whom, and the recovery factors made in case it is the first. */
interface Activating {
  readonly subject: Subject;
  readonly recovery: readonly MadeFactor[];
  readonly origin: Origin;
}

/** A confirmed factor. */
export interface ActivateInput<T> extends Activating {
  readonly activation: Omit<Activation, 'makeDefault'>;
  readonly type: string;
  /** Runs last in the transaction; when it rejects, nothing was activated. */
  readonly grant: (tx: Tx) => Promise<T>;
}

/** A new factor that needs no confirmation. */
export interface ActivateNewInput extends Activating {
  readonly factor: NewFactor;
  /** What is recorded with it, because its user is made with it. */
  readonly madeWith: readonly EventDraft[];
}

/** A factor that is active now; `show` holds what comes with the first one. */
export type Activated<T> =
  | {
      readonly activated: true;
      readonly factor: FactorView;
      readonly show: Readonly<Record<string, unknown>>;
      readonly granted: T;
    }
  | {
      readonly activated: false;
      /** `over`: the enrolment died, or the user changed, meanwhile; `taken`: another factor has its identity. */
      readonly why: 'over' | 'taken';
    };

/** Writes the factor that becomes active; told which ones are. @returns whether it was still alive */
type Put = (tx: Tx, active: readonly FactorView[]) => Promise<boolean>;

/** Makes a factor active, in one transaction with everything that follows from it. */
@Injectable()
export class Activator {
  constructor(
    private readonly enrolments: EnrolmentStore,
    private readonly factors: FactorStore,
    private readonly owners: FactorOwners,
    private readonly events: EventLog,
    private readonly database: Database,
  ) {}

  /** Activates a pending factor. @returns `activated: false` where the enrolment died meanwhile */
  async run<T>({ activation, type, grant, ...input }: ActivateInput<T>): Promise<Activated<T>> {
    return this.#activate(
      input,
      { id: activation.factorId, type },
      (tx, active) => {
        const hint = distinctHint(activation, type, active);
        return this.enrolments.activate(tx, { ...activation, hint, makeDefault: active.length === 0 });
      },
      grant,
    );
  }

  /** Writes a new factor that is active at once. @returns `activated: false` where the user changed meanwhile */
  async runNew({ factor, madeWith, ...input }: ActivateNewInput): Promise<Activated<undefined>> {
    const put: Put = async (tx, active) => {
      await this.factors.insert(tx, { ...factor, hint: distinctHint(factor, factor.type, active) });
      if (active.length === 0) await this.factors.makeDefault(tx, factor.userId, factor.id);
      const enrolled = this.#event('factor.enrolled', input, factor.id, factor.type);
      await this.events.append(tx, enrolled, ...madeWith);
      return true;
    };
    return this.#activate(input, factor, put, async () => undefined);
  }

  async #activate<T>(
    input: Activating,
    { id, type }: { readonly id: string; readonly type: string },
    put: Put,
    grant: (tx: Tx) => Promise<T>,
  ): Promise<Activated<T>> {
    try {
      return await this.database.transaction((tx) => this.#activateIn(tx, input, { id, type }, put, grant));
    } catch (error) {
      // Decided by the unique index: the first to commit has the device.
      if (isIdentityTaken(error)) return { activated: false, why: 'taken' };
      throw error;
    }
  }

  async #activateIn<T>(
    tx: Tx,
    input: Activating,
    { id, type }: { readonly id: string; readonly type: string },
    put: Put,
    grant: (tx: Tx) => Promise<T>,
  ): Promise<Activated<T>> {
    const { subject, recovery } = input;
    if (!(await this.owners.lock(tx, subject, input.origin))) return { activated: false, why: 'over' };
    const active = await this.factors.active(tx, subject.userId);
    const first = active.length === 0;
    if (!(await put(tx, active))) return { activated: false, why: 'over' };
    await this.owners.bumpEpoch(tx, subject.userId);
    await this.events.append(tx, this.#event('factor.activated', input, id, type));
    const show = first ? await this.#first(tx, input, { id, type }, recovery) : {};
    const factor = await this.factors.find(tx, subject.userId, id);
    if (factor === undefined) throw new Error('An activated factor vanished inside its transaction');
    return { activated: true, factor, show, granted: await grant(tx) };
  }

  async #first(
    tx: Tx,
    input: Activating,
    { id, type }: { readonly id: string; readonly type: string },
    recovery: readonly MadeFactor[],
  ): Promise<Readonly<Record<string, unknown>>> {
    let show: Readonly<Record<string, unknown>> = {};
    for (const made of recovery) {
      await this.factors.insert(tx, made.factor);
      const issuedWith = { issuedWith: publicId('fac', id) };
      await this.events.append(
        tx,
        this.#event('factor.enrolled', input, made.factor.id, made.factor.type),
        this.#event('factor.activated', input, made.factor.id, made.factor.type, issuedWith),
      );
      show = { ...show, ...made.show };
    }
    await this.events.append(tx, this.#event('two_factor.enabled', input, id, type));
    return show;
  }

  #event(
    type: EventDraft['type'],
    { subject, origin }: Activating,
    factorId: string,
    factorType: string,
    more: EventDraft['data'] = {},
  ): EventDraft {
    return {
      type,
      applicationId: subject.application.id,
      userId: subject.userId,
      origin,
      data: { factorId: publicId('fac', factorId), factorType, ...more },
    };
  }
}
