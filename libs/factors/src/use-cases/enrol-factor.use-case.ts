import { Injectable } from '@nestjs/common';
import type { Origin } from '@countersign/core';
import { parseEnrolment } from '../enrolment/enrolment-fields.js';
import { EnrolmentWriter, type Written } from '../enrolment/enrolment-writer.js';
import { FactorImporter, type Imported } from '../enrolment/factor-importer.js';
import { FactorMaker, type MadeFactor, type Making } from '../enrolment/factor-maker.js';
import { type Newcomer, Newcomers } from '../enrolment/newcomers.js';
import type { FactorView } from '../factor.store.js';
import type { RegisteredFactor } from '../registry/factor-registry.js';
import type { Subject } from '../subject.js';

/** What is to be enrolled, for whom, and by which session or key. */
export interface EnrolFactorInput {
  /** A newcomer is made a user with the first factor. */
  readonly whose: Subject | Newcomer;
  readonly registered: RegisteredFactor;
  readonly label: string | null;
  /** The provider's own fields, as they came. */
  readonly fields: Readonly<Record<string, unknown>>;
  /** A server may say more than a user, and is believed that its user has an imported factor already. */
  readonly by: 'user' | 'server';
  readonly begunBy: string;
  /** Whether recovery factors come with a first factor that is active at once: somebody must show them to the user. */
  readonly withRecovery?: boolean;
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
  | Exclude<Written, { outcome: 'written' }>
  | Exclude<Imported, { outcome: 'enrolled' }>;

/**
 * Begins an enrolment. The factor stays pending until its user has shown that it works; one that a server imports is
 * active at once, and so is a recovery factor, which replaces the set before it.
 */
@Injectable()
export class EnrolFactor {
  constructor(
    private readonly maker: FactorMaker,
    private readonly writer: EnrolmentWriter,
    private readonly importer: FactorImporter,
    private readonly newcomers: Newcomers,
  ) {}

  async run(input: EnrolFactorInput): Promise<EnrolFactorResult> {
    const { whose, origin } = input;
    const parsed = await parseEnrolment(input);
    if (!parsed.accepted) return { outcome: 'malformed', errors: parsed.errors };
    if ('userId' in whose) return this.#enrol(whose, input, parsed.value);
    // Not before the request is known to be sound; a message, for one, needs a user to belong to.
    const subject = await this.newcomers.admit(whose, origin);
    const result = await this.#enrol(subject, input, parsed.value);
    if (result.outcome !== 'enrolled') await this.newcomers.dismiss(subject, origin);
    return result;
  }

  async #enrol(
    subject: Subject,
    { registered, label, begunBy, origin, by, withRecovery }: EnrolFactorInput,
    input: unknown,
  ): Promise<EnrolFactorResult> {
    const order = { subject, registered, input, label, origin };
    if (registered.options.recovery === true) {
      const made = await this.maker.makeActive(order);
      return enrolled(await this.writer.recovery({ subject, made, origin }), made);
    }
    // Before anything is sent for it.
    if (await this.writer.isFull(subject.userId)) return { outcome: 'too-many' };
    const making = await this.maker.makePending(order, begunBy);
    if (making.outcome !== 'made') return making;
    const { made } = making;
    return made.active && by === 'server'
      ? this.importer.run({ subject, made, origin, withRecovery: withRecovery ?? true })
      : enrolled(await this.writer.pending({ subject, made, origin }), made);
  }
}

function enrolled(written: Written, { show }: MadeFactor): EnrolFactorResult {
  return written.outcome === 'written' ? { outcome: 'enrolled', factor: written.factor, show } : written;
}
