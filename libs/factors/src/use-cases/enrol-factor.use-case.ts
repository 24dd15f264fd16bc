import { Injectable } from '@nestjs/common';
import { Database, type EventDraft, EventLog, type Origin, publicId, type Tx } from '@countersign/core';
import { UserStore } from '@countersign/directory';
import { FactorMaker, type MadeFactor, type Making } from '../enrolment/factor-maker.js';
import { FactorStore, type FactorView } from '../factor.store.js';
import type { RegisteredFactor } from '../registry/factor-registry.js';
import { parseWith } from '../registry/schema-parsing.js';
import type { Subject } from '../subject.js';

/** What is to be enrolled, for whom, and by which session or key. */
export interface EnrolFactorInput {
  readonly subject: Subject;
  readonly registered: RegisteredFactor;
  readonly label: string | null;
  /** The provider's own fields, as they came. */
  readonly fields: Readonly<Record<string, unknown>>;
  readonly begunBy: string;
  readonly origin: Origin;
}

/** How an enrolment ended. */
export type EnrolFactorResult =
  | {
      readonly outcome: 'enrolled';
      readonly factor: FactorView;
      /** What the user must see once. */
      readonly show: Readonly<Record<string, unknown>>;
    }
  | Exclude<Making, { outcome: 'made' }>
  /** A recovery factor needs another active one to stand in for. */
  | { readonly outcome: 'nothing-to-recover' }
  | { readonly outcome: 'too-many' }
  /** The user was removed, suspended or changed meanwhile. */
  | { readonly outcome: 'user-changed' };

/** Factors that one user may have, pending ones included. */
const MOST_FACTORS = 20;

/**
 * Begins an enrolment. The factor stays pending until its user has shown that it works; a recovery factor is active
 * at once and replaces the set before it.
 */
@Injectable()
export class EnrolFactor {
  constructor(
    private readonly maker: FactorMaker,
    private readonly factors: FactorStore,
    private readonly users: UserStore,
    private readonly events: EventLog,
    private readonly database: Database,
  ) {}

  async run(input: EnrolFactorInput): Promise<EnrolFactorResult> {
    const { subject, registered, label, begunBy, origin } = input;
    const parsed = await parseWith(registered.provider.input, input.fields);
    if (!parsed.accepted) return { outcome: 'malformed', errors: parsed.errors };

    const recovery = registered.options.recovery === true;
    // Before anything is sent for it.
    if (!recovery && (await this.#tooMany(this.database.direct, subject.userId)))
      return { outcome: 'too-many' };
    const order = { subject, registered, input: parsed.value, label, origin };
    const making = recovery
      ? { outcome: 'made' as const, made: await this.maker.makeActive(order) }
      : await this.maker.makePending(order, begunBy);
    if (making.outcome !== 'made') return making;
    const { made } = making;
    return this.database.transaction(async (tx) => {
      const epoch = await this.users.lock(tx, subject.userId);
      if (epoch !== subject.securityEpoch) return { outcome: 'user-changed' };
      await this.factors.sweep(tx, subject.userId);
      return recovery ? this.#replaceRecovery(tx, input, made) : this.#insertPending(tx, input, made);
    });
  }

  async #tooMany(tx: Tx, userId: string): Promise<boolean> {
    return (await this.factors.count(tx, userId)) >= MOST_FACTORS;
  }

  async #insertPending(tx: Tx, input: EnrolFactorInput, made: MadeFactor): Promise<EnrolFactorResult> {
    if (await this.#tooMany(tx, input.subject.userId)) return { outcome: 'too-many' };
    await this.factors.insert(tx, made.factor);
    await this.events.append(tx, this.#event('factor.enrolled', input, made));
    return this.#enrolled(tx, made);
  }

  async #replaceRecovery(tx: Tx, input: EnrolFactorInput, made: MadeFactor): Promise<EnrolFactorResult> {
    const { subject, registered } = input;
    const active = await this.factors.active(tx, subject.userId);
    const { type } = registered.options;
    if (active.every((factor) => factor.type === type)) return { outcome: 'nothing-to-recover' };
    await this.factors.delete(
      tx,
      active.filter((factor) => factor.type === type).map((factor) => factor.id),
    );
    await this.users.bumpEpoch(tx, subject.userId);
    await this.factors.insert(tx, made.factor);
    await this.events.append(
      tx,
      this.#event('factor.enrolled', input, made),
      this.#event('factor.activated', input, made),
    );
    return this.#enrolled(tx, made);
  }

  async #enrolled(tx: Tx, { factor, show }: MadeFactor): Promise<EnrolFactorResult> {
    const view = await this.factors.find(tx, factor.userId, factor.id);
    return view === undefined ? { outcome: 'user-changed' } : { outcome: 'enrolled', factor: view, show };
  }

  #event(
    type: EventDraft['type'],
    { subject, origin }: EnrolFactorInput,
    { factor }: MadeFactor,
  ): EventDraft {
    return {
      type,
      applicationId: subject.application.id,
      userId: subject.userId,
      origin,
      data: { factorId: publicId('fac', factor.id), factorType: factor.type },
    };
  }
}
