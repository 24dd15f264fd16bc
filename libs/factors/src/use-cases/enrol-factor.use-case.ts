import { Injectable } from '@nestjs/common';
import { Database, type Origin } from '@countersign/core';
import { isDeepStrictEqual } from 'node:util';
import { Activator } from '../enrolment/activator.js';
import { EnrolmentWriter, type Written } from '../enrolment/enrolment-writer.js';
import { FactorMaker, type MadeFactor, type Making } from '../enrolment/factor-maker.js';
import { FactorStore, type FactorView } from '../factor.store.js';
import type { RegisteredFactor } from '../registry/factor-registry.js';
import { type ParsedValue, parseWith } from '../registry/schema-parsing.js';
import type { Subject } from '../subject.js';

/** What is to be enrolled, for whom, and by which session or key. */
export interface EnrolFactorInput {
  readonly subject: Subject;
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
  /** The user has an active factor with this very secret. */
  | { readonly outcome: 'already-there'; readonly factorId: string };

/**
 * Begins an enrolment. The factor stays pending until its user has shown that it works; one that a server imports is
 * active at once, and so is a recovery factor, which replaces the set before it.
 */
@Injectable()
export class EnrolFactor {
  constructor(
    private readonly maker: FactorMaker,
    private readonly writer: EnrolmentWriter,
    private readonly activator: Activator,
    private readonly factors: FactorStore,
    private readonly database: Database,
  ) {}

  async run(input: EnrolFactorInput): Promise<EnrolFactorResult> {
    const { subject, registered, label, begunBy, origin, by } = input;
    const parsed = await parsedFields(input);
    if (!parsed.accepted) return { outcome: 'malformed', errors: parsed.errors };
    const order = { subject, registered, input: parsed.value, label, origin };
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
      ? this.#activate(input, made)
      : enrolled(await this.writer.pending({ subject, made, origin }), made);
  }

  async #activate(
    { subject, origin, withRecovery = true }: EnrolFactorInput,
    made: MadeFactor,
  ): Promise<EnrolFactorResult> {
    const { pending: _pending, ...factor } = made.factor;
    const active = await this.factors.active(this.database.direct, subject.userId);
    const alike = active.filter(({ type }) => type === factor.type).map(({ id }) => id);
    const twin = (await this.factors.secrets(this.database.direct, alike)).find(({ secret }) =>
      isDeepStrictEqual(secret, factor.secret),
    );
    if (twin !== undefined) return { outcome: 'already-there', factorId: twin.id };
    const recovery = withRecovery && active.length === 0 ? await this.maker.makeRecovery(subject) : [];
    const activated = await this.activator.runNew({ subject, factor, recovery, origin });
    return activated.activated
      ? { outcome: 'enrolled', factor: activated.factor, show: { ...made.show, ...activated.show } }
      : { outcome: 'user-changed' };
  }
}

function parsedFields({ registered: { provider }, fields, by }: EnrolFactorInput): Promise<ParsedValue> {
  const ofServers = by === 'server' && provider.kind === 'answered' ? provider.serverInput : undefined;
  return parseWith(ofServers ?? provider.input, fields);
}

function enrolled(written: Written, { show }: MadeFactor): EnrolFactorResult {
  return written.outcome === 'written' ? { outcome: 'enrolled', factor: written.factor, show } : written;
}
