import { Injectable } from '@nestjs/common';
import { Database, type EventDraft, EventLog, type Origin, publicId, type Tx } from '@countersign/core';
import { UserStore } from '@countersign/directory';
import { FactorStore, type FactorView } from '../factor.store.js';
import type { Subject } from '../subject.js';
import { type Activation, EnrolmentStore } from './enrolment.store.js';
import type { MadeFactor } from './factor-maker.js';

/** A confirmed factor, and the recovery factors made in case it is the first. */
export interface ActivateInput {
  readonly subject: Subject;
  readonly activation: Omit<Activation, 'makeDefault'>;
  readonly type: string;
  readonly recovery: readonly MadeFactor[];
  readonly origin: Origin;
}

/** A factor that is active now; `show` holds what comes with the first one. */
export type Activated =
  | {
      readonly activated: true;
      readonly factor: FactorView;
      readonly show: Readonly<Record<string, unknown>>;
    }
  | { readonly activated: false };

/** Makes a confirmed factor active, in one transaction with everything that follows from it. */
@Injectable()
export class Activator {
  constructor(
    private readonly enrolments: EnrolmentStore,
    private readonly factors: FactorStore,
    private readonly users: UserStore,
    private readonly events: EventLog,
    private readonly database: Database,
  ) {}

  /** @returns `activated: false` where the enrolment died meanwhile */
  async run(input: ActivateInput): Promise<Activated> {
    const { subject, activation } = input;
    return this.database.transaction(async (tx) => {
      const epoch = await this.users.lock(tx, subject.userId);
      if (epoch !== subject.securityEpoch) return { activated: false };
      const first = (await this.factors.active(tx, subject.userId)).length === 0;
      if (!(await this.enrolments.activate(tx, { ...activation, makeDefault: first })))
        return { activated: false };
      await this.users.bumpEpoch(tx, subject.userId);
      await this.events.append(tx, this.#event('factor.activated', input, activation.factorId, input.type));
      const show = first ? await this.#first(tx, input) : {};
      const factor = await this.factors.find(tx, subject.userId, activation.factorId);
      if (factor === undefined) throw new Error('An activated factor vanished inside its transaction');
      return { activated: true, factor, show };
    });
  }

  async #first(tx: Tx, input: ActivateInput): Promise<Readonly<Record<string, unknown>>> {
    let show: Readonly<Record<string, unknown>> = {};
    for (const made of input.recovery) {
      await this.factors.insert(tx, made.factor);
      await this.events.append(
        tx,
        this.#event('factor.enrolled', input, made.factor.id, made.factor.type),
        this.#event('factor.activated', input, made.factor.id, made.factor.type, {
          issuedWith: publicId('fac', input.activation.factorId),
        }),
      );
      show = { ...show, ...made.show };
    }
    await this.events.append(
      tx,
      this.#event('two_factor.enabled', input, input.activation.factorId, input.type),
    );
    return show;
  }

  #event(
    type: EventDraft['type'],
    { subject, origin }: ActivateInput,
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
