import { Injectable } from '@nestjs/common';
import { type FieldError, SYSTEM_ORIGIN } from '@countersign/core';
import { parseEnrolment } from '../enrolment/enrolment-fields.js';
import { EnrolmentWriter } from '../enrolment/enrolment-writer.js';
import { FactorImporter } from '../enrolment/factor-importer.js';
import { FactorMaker } from '../enrolment/factor-maker.js';
import type { NewFactor } from '../factor.store.js';
import type { RegisteredFactor } from '../registry/factor-registry.js';
import type { Subject } from '../subject.js';

/** A factor that a server would import for its user. */
export interface RehearseImportInput {
  readonly subject: Subject;
  /** A provider whose user brings the answer: nothing is sent by a rehearsal. */
  readonly registered: RegisteredFactor;
  /** The provider's own fields, as they came. */
  readonly fields: Readonly<Record<string, unknown>>;
  /** The user's factors that this run would have imported before. */
  readonly before: readonly NewFactor[];
}

/** What an import would come to, by the names that `EnrolFactor` has for it. */
export type RehearsedImport =
  | { readonly outcome: 'possible'; readonly factor: NewFactor }
  | { readonly outcome: 'malformed'; readonly errors: readonly FieldError[] }
  | { readonly outcome: 'already-there' }
  | { readonly outcome: 'too-many' };

/** Finds out what an import would come to: everything that `EnrolFactor` does for it, but the writing. */
@Injectable()
export class RehearseImport {
  constructor(
    private readonly maker: FactorMaker,
    private readonly writer: EnrolmentWriter,
    private readonly importer: FactorImporter,
  ) {}

  /** @throws Problem `unavailable` where the provider fails */
  async run({ subject, registered, fields, before }: RehearseImportInput): Promise<RehearsedImport> {
    const parsed = await parseEnrolment({ registered, fields, by: 'server' });
    if (!parsed.accepted) return { outcome: 'malformed', errors: parsed.errors };
    if (await this.writer.isFull(subject.userId, { more: before.length })) return { outcome: 'too-many' };
    const order = { subject, registered, input: parsed.value, label: null, origin: SYSTEM_ORIGIN };
    const making = await this.maker.makeActive(order);
    if (making.outcome !== 'made') return making;
    const { factor } = making.made;
    return (await this.importer.isThere(factor, before))
      ? { outcome: 'already-there' }
      : { outcome: 'possible', factor };
  }
}
