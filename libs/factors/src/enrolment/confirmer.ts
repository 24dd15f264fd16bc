import { Injectable } from '@nestjs/common';
import { Database, type FieldError } from '@countersign/core';
import { AnswerJudge } from '../answer-judge.js';
import { FactorIdentities } from '../identities/factor-identities.js';
import type { ConfirmRuling } from '../provider-calls.js';
import { FactorRegistry, type RegisteredFactor } from '../registry/factor-registry.js';
import type { Subject } from '../subject.js';
import { EnrolmentStore, type PendingFactor, type PendingOwner } from './enrolment.store.js';
import { type FirstAnswer, readFirstAnswer } from './first-answer.js';

/** A pending factor, and an answer in the form its provider takes. */
export interface ReadyToConfirm {
  readonly pending: PendingFactor;
  readonly registered: RegisteredFactor;
  readonly first: FirstAnswer;
}

/** What became of it: a confirmed factor also has its hint, and its identity where its provider knows such a thing. */
export type Confirmation =
  | Exclude<ConfirmRuling, { readonly accepted: true }>
  | (Extract<ConfirmRuling, { readonly accepted: true }> & {
      readonly hint: string;
      readonly identity: Buffer | undefined;
    });

/** A confirmation that can be asked for, or why it cannot. */
export type Readiness =
  | ({ readonly kind: 'ready' } & ReadyToConfirm)
  | { readonly kind: 'unknown' }
  | { readonly kind: 'over' }
  | { readonly kind: 'malformed'; readonly errors: readonly FieldError[] };

/** Loads a pending factor and asks its provider about an answer: it decides, it changes nothing. */
@Injectable()
export class Confirmer {
  constructor(
    private readonly enrolments: EnrolmentStore,
    private readonly registry: FactorRegistry,
    private readonly judge: AnswerJudge,
    private readonly identities: FactorIdentities,
    private readonly database: Database,
  ) {}

  /** Everything that can be known before an attempt is claimed. */
  async prepare(owner: PendingOwner, answer: Readonly<Record<string, unknown>>): Promise<Readiness> {
    const pending = await this.enrolments.load(this.database.direct, owner);
    const registered = pending && this.registry.find(pending.type);
    if (pending === undefined) return { kind: 'unknown' };
    if (!pending.alive || registered === undefined) return { kind: 'over' };
    const read = await readFirstAnswer(registered.provider, answer);
    if (!read.readable) return { kind: 'malformed', errors: read.errors };
    return { kind: 'ready', pending, registered, first: read.first };
  }

  /** Has the answer judged. Call with the attempt claimed. */
  async confirm(subject: Subject, { pending, registered, first }: ReadyToConfirm): Promise<Confirmation> {
    const ruling = await this.judge.confirm(registered.provider, pending.secret, first, {
      application: subject.application,
      userId: subject.userId,
      account: subject.account,
      factorId: pending.id,
      nonceOf: pending.id,
    });
    if (!ruling.accepted) return ruling;
    const { secret, hint } = ruling.replacement ?? pending;
    const identity = await this.identities.digest({
      applicationId: subject.application.id,
      type: pending.type,
      secret,
    });
    return { ...ruling, hint, identity };
  }
}
