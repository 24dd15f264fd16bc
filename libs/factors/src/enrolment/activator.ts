import { Injectable } from '@nestjs/common';
import { Database, type EventDraft, EventLog, type Origin, publicId, type Tx } from '@countersign/core';
import { FactorStore, type FactorView, type NewFactor } from '../factor.store.js';
import type { Subject } from '../subject.js';
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
}

/** A factor that is active now; `show` holds what comes with the first one. */
export type Activated<T> =
  | {
      readonly activated: true;
      readonly factor: FactorView;
      readonly show: Readonly<Record<string, unknown>>;
      readonly granted: T;
    }
  | { readonly activated: false };

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
      (tx, makeDefault) => this.enrolments.activate(tx, { ...activation, makeDefault }),
      grant,
    );
  }

  /** Writes a new factor that is active at once. @returns `activated: false` where the user changed meanwhile */
  async runNew({ factor, ...input }: ActivateNewInput): Promise<Activated<undefined>> {
    const put = async (tx: Tx, makeDefault: boolean): Promise<boolean> => {
      await this.factors.insert(tx, factor);
      if (makeDefault) await this.factors.makeDefault(tx, factor.userId, factor.id);
      await this.events.append(tx, this.#event('factor.enrolled', input, factor.id, factor.type));
      return true;
    };
    return this.#activate(input, factor, put, async () => undefined);
  }

  async #activate<T>(
    input: Activating,
    { id, type }: { readonly id: string; readonly type: string },
    put: (tx: Tx, makeDefault: boolean) => Promise<boolean>,
    grant: (tx: Tx) => Promise<T>,
  ): Promise<Activated<T>> {
    const { subject, recovery } = input;
    return this.database.transaction(async (tx) => {
      if (!(await this.owners.lock(tx, subject, input.origin))) return { activated: false };
      const first = (await this.factors.active(tx, subject.userId)).length === 0;
      if (!(await put(tx, first))) return { activated: false };
      await this.owners.bumpEpoch(tx, subject.userId);
      await this.events.append(tx, this.#event('factor.activated', input, id, type));
      const show = first ? await this.#first(tx, input, { id, type }, recovery) : {};
      const factor = await this.factors.find(tx, subject.userId, id);
      if (factor === undefined) throw new Error('An activated factor vanished inside its transaction');
      return { activated: true, factor, show, granted: await grant(tx) };
    });
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
