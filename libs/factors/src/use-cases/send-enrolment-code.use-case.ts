import { Injectable } from '@nestjs/common';
import { Database, type Origin } from '@countersign/core';
import { CodeSender, type CodeSending } from '../codes/code-sender.js';
import { EnrolmentStore } from '../enrolment/enrolment.store.js';
import { ProviderCalls } from '../provider-calls.js';
import { FactorRegistry } from '../registry/factor-registry.js';
import type { Subject } from '../subject.js';

/** Whose pending factor, and who asks. */
export interface SendEnrolmentCodeInput {
  readonly subject: Subject;
  /** UUID. */
  readonly factorId: string;
  /** The session or key that asks: only the one that began the enrolment may go on with it. */
  readonly begunBy: string;
  readonly origin: Origin;
}

/** How it ended. */
export type SendEnrolmentCodeResult =
  | CodeSending
  | { readonly outcome: 'unknown' }
  /** The enrolment is over. */
  | { readonly outcome: 'over' }
  /** The factor's codes are not sent. */
  | { readonly outcome: 'nothing-to-send' };

/** Sends a new code for an enrolment that waits for one. */
@Injectable()
export class SendEnrolmentCode {
  constructor(
    private readonly enrolments: EnrolmentStore,
    private readonly registry: FactorRegistry,
    private readonly calls: ProviderCalls,
    private readonly codes: CodeSender,
    private readonly database: Database,
  ) {}

  /** @throws EphemeralStoreUnavailable where nothing can be counted: nothing is sent then */
  async run({
    subject,
    factorId,
    begunBy,
    origin,
  }: SendEnrolmentCodeInput): Promise<SendEnrolmentCodeResult> {
    const { userId, application, locale } = subject;
    const pending = await this.enrolments.load(this.database.direct, { userId, factorId, begunBy });
    if (pending === undefined) return { outcome: 'unknown' };
    if (!pending.alive) return { outcome: 'over' };
    const provider = this.registry.find(pending.type)?.provider;
    if (provider?.kind !== 'delivered') return { outcome: 'nothing-to-send' };
    const recipient = await this.calls.recipient(provider, pending.secret, factorId);
    if (recipient === undefined) return { outcome: 'failed' };
    return this.codes.run({
      application,
      userId,
      locale,
      factorId,
      factorType: pending.type,
      recipient,
      purpose: 'enrolment',
      origin,
    });
  }
}
