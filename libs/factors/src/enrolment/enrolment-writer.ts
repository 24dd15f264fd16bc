import { Injectable } from '@nestjs/common';
import { Database, type EventDraft, EventLog, type Origin, publicId, type Tx } from '@countersign/core';
import { FactorStore, type FactorView } from '../factor.store.js';
import type { Subject } from '../subject.js';
import type { MadeFactor } from './factor-maker.js';
import { FactorOwners } from './factor-owners.js';

/** A made factor, and who asked for it. */
export interface EnrolmentToWrite {
  readonly subject: Subject;
  readonly made: MadeFactor;
  readonly origin: Origin;
}

/** How writing it ended. */
export type Written =
  | { readonly outcome: 'written'; readonly factor: FactorView }
  /** A recovery factor needs another active one to stand in for. */
  | { readonly outcome: 'nothing-to-recover' }
  | { readonly outcome: 'too-many' }
  /** The user was removed, suspended or changed meanwhile. */
  | { readonly outcome: 'user-changed' };

/** Factors that one user may have, pending ones included. */
const MOST_FACTORS = 20;

/** Writes new factors that wait for their confirmation, and sets of recovery codes. */
@Injectable()
export class EnrolmentWriter {
  constructor(
    private readonly factors: FactorStore,
    private readonly owners: FactorOwners,
    private readonly events: EventLog,
    private readonly database: Database,
  ) {}

  /**
   * Whether a user has as many factors as they may have.
   * @param more factors that they would have besides
   */
  async isFull(
    userId: string,
    { tx = this.database.direct, more = 0 }: { readonly tx?: Tx; readonly more?: number } = {},
  ): Promise<boolean> {
    return (await this.factors.count(tx, userId)) + more >= MOST_FACTORS;
  }

  /** Writes a factor that its user has yet to confirm. */
  async pending(enrolment: EnrolmentToWrite): Promise<Written> {
    const { subject, made } = enrolment;
    return this.#alone(enrolment, async (tx) => {
      if (await this.isFull(subject.userId, { tx })) return { outcome: 'too-many' };
      await this.factors.insert(tx, made.factor);
      await this.events.append(tx, event('factor.enrolled', enrolment), ...made.events);
      return this.#written(tx, made);
    });
  }

  /** Writes a recovery factor in place of the set before it. */
  async recovery(enrolment: EnrolmentToWrite): Promise<Written> {
    const { subject, made } = enrolment;
    return this.#alone(enrolment, async (tx) => {
      const active = await this.factors.active(tx, subject.userId);
      const { type } = made.factor;
      if (active.every((factor) => factor.type === type)) return { outcome: 'nothing-to-recover' };
      await this.factors.delete(
        tx,
        active.filter((factor) => factor.type === type).map((factor) => factor.id),
      );
      await this.owners.bumpEpoch(tx, subject.userId);
      await this.factors.insert(tx, made.factor);
      await this.events.append(tx, event('factor.enrolled', enrolment), event('factor.activated', enrolment));
      return this.#written(tx, made);
    });
  }

  // With the user locked and unchanged, and without enrolments that are over.
  async #alone({ subject, origin }: EnrolmentToWrite, write: (tx: Tx) => Promise<Written>): Promise<Written> {
    return this.database.transaction(async (tx) => {
      if (!(await this.owners.lock(tx, subject, origin))) return { outcome: 'user-changed' };
      await this.factors.sweep(tx, subject.userId);
      return write(tx);
    });
  }

  async #written(tx: Tx, { factor }: MadeFactor): Promise<Written> {
    const view = await this.factors.find(tx, factor.userId, factor.id);
    return view === undefined ? { outcome: 'user-changed' } : { outcome: 'written', factor: view };
  }
}

function event(type: EventDraft['type'], { subject, made, origin }: EnrolmentToWrite): EventDraft {
  return {
    type,
    applicationId: subject.application.id,
    userId: subject.userId,
    origin,
    data: { factorId: publicId('fac', made.factor.id), factorType: made.factor.type },
  };
}
