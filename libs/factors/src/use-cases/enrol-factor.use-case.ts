import { Injectable } from '@nestjs/common';
import type { Origin } from '@countersign/core';
import { parseEnrolment } from '../enrolment/enrolment-fields.js';
import { EnrolmentWriter, type Written } from '../enrolment/enrolment-writer.js';
import { FactorImporter, type Imported } from '../enrolment/factor-importer.js';
import { FactorMaker, type MadeFactor, type Making } from '../enrolment/factor-maker.js';
import { FactorOwners, type NewUser } from '../enrolment/factor-owners.js';
import type { FactorView } from '../factor.store.js';
import type { RegisteredFactor } from '../registry/factor-registry.js';
import type { Subject } from '../subject.js';

/** What is to be enrolled, for whom, and by which session or key. */
export interface EnrolFactorInput {
  /** A new user is made with the first factor. */
  readonly whose: Subject | NewUser;
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

/** An enrolment, perhaps overtaken by a change of its user after its code had left. */
type Attempt =
  | Exclude<EnrolFactorResult, { outcome: 'user-changed' }>
  | { readonly outcome: 'user-changed'; readonly sent?: MadeFactor };

/** How often a new user may come and go while their first factor is enrolled. */
const MAX_ROUNDS = 5;

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
    private readonly owners: FactorOwners,
  ) {}

  async run(input: EnrolFactorInput): Promise<EnrolFactorResult> {
    const { whose } = input;
    const parsed = await parseEnrolment(input);
    if (!parsed.accepted) return { outcome: 'malformed', errors: parsed.errors };
    if (input.registered.options.recovery === true) return this.#recovery(input, parsed.value);
    if ('userId' in whose) return this.#enrol(whose, input, parsed.value);
    // While a code is sent, others may make the user, or erase one that was there.
    let result: Attempt = { outcome: 'user-changed' };
    for (let round = 0; round < MAX_ROUNDS && result.outcome === 'user-changed'; round += 1) {
      const subject = await this.owners.subjectOf(whose);
      result = await this.#enrol(subject, input, parsed.value, result.sent);
    }
    return result;
  }

  async #recovery(input: EnrolFactorInput, value: unknown): Promise<EnrolFactorResult> {
    const { whose, registered, label, origin } = input;
    const subject = 'userId' in whose ? whose : await this.owners.subjectOf(whose);
    if (subject.toBeMade !== undefined) return { outcome: 'nothing-to-recover' };
    const making = await this.maker.makeActive({ subject, registered, input: value, label });
    if (making.outcome !== 'made') return making;
    const { made } = making;
    return enrolled(await this.writer.recovery({ subject, made, origin }), made);
  }

  /** @param sent the factor whose code has left already */
  async #enrol(
    subject: Subject,
    input: EnrolFactorInput,
    value: unknown,
    sent?: MadeFactor,
  ): Promise<Attempt> {
    const { registered, label, begunBy, origin } = input;
    // Before anything is sent for it.
    if (await this.writer.isFull(subject.userId)) return { outcome: 'too-many' };
    const making: Making =
      sent === undefined
        ? await this.maker.makePending({ subject, registered, input: value, label, origin }, begunBy)
        : { outcome: 'made', made: ownedBy(subject, sent) };
    if (making.outcome !== 'made') return making;
    const { made } = making;
    const result = await this.#write(subject, input, made);
    return result.outcome === 'user-changed' && registered.provider.kind === 'delivered'
      ? { ...result, sent: made }
      : result;
  }

  async #write(
    subject: Subject,
    { by, withRecovery, origin }: EnrolFactorInput,
    made: MadeFactor,
  ): Promise<EnrolFactorResult> {
    return made.active && by === 'server'
      ? this.importer.run({ subject, made, origin, withRecovery: withRecovery ?? true })
      : enrolled(await this.writer.pending({ subject, made, origin }), made);
  }
}

// Where a code goes does not depend on whose it is; no second one is sent.
function ownedBy({ userId, securityEpoch }: Subject, made: MadeFactor): MadeFactor {
  return {
    ...made,
    factor: { ...made.factor, userId, securityEpoch },
    events: made.events.map((event) => ({ ...event, userId })),
  };
}

function enrolled(written: Written, { show }: MadeFactor): EnrolFactorResult {
  return written.outcome === 'written' ? { outcome: 'enrolled', factor: written.factor, show } : written;
}
