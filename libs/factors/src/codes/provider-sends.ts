import { Injectable } from '@nestjs/common';
import { Database, EventLog } from '@countersign/core';
import { SendCaps } from '@countersign/delivery';
import { type CodeRequest, type CodeSending, countedAs, sentEvent } from './code-sender.js';
import { SendBudgets, type SendOf } from './send-budgets.js';

/** A call into a provider that may send something by itself. UUIDs. */
export type ProviderSend = Omit<CodeRequest, 'recipient' | 'locale'>;

/** Whether a provider may be called, or which limit stops it. */
export type ProviderSendClaim =
  { readonly outcome: 'claimed' } | Extract<CodeSending, { outcome: 'limited' | 'capped' }>;

/**
 * Counts what providers may send by themselves, in `enrol` and `challenge`, as codes are counted that the engine sends.
 * The engine does not see whether anything left, so that a call that fails stays counted.
 */
@Injectable()
export class ProviderSends {
  constructor(
    private readonly budgets: SendBudgets,
    private readonly caps: SendCaps,
    private readonly events: EventLog,
    private readonly database: Database,
  ) {}

  /**
   * Claims a call before it is made.
   * @throws EphemeralStoreUnavailable where nothing can be counted: the provider is not called then
   */
  async claim(send: ProviderSend): Promise<ProviderSendClaim> {
    const limit = await this.budgets.take(budgetsOf(send));
    if (limit !== undefined) return { outcome: 'limited', limit };
    if (send.purpose !== 'enrolment') return { outcome: 'claimed' };
    const cap = await this.caps.take(capsOf(send));
    if (cap.taken) return { outcome: 'claimed' };
    await this.budgets.giveBack(budgetsOf(send));
    return { outcome: 'capped', reason: cap.cap, retryAfterMs: cap.retryAfterMs };
  }

  /** Gives a claim back whose call came to nothing: the input was refused, or there was nothing to do. */
  async giveBack(send: ProviderSend): Promise<void> {
    await this.budgets.giveBack(budgetsOf(send));
    if (send.purpose === 'enrolment') await this.caps.giveBack(capsOf(send));
  }

  /** Records a call, unless its user is yet to be made: it is then recorded with the factor. */
  async record(send: ProviderSend): Promise<void> {
    if (send.userToBeMade === undefined) await this.events.append(this.database.direct, sentEvent(send));
  }
}

function budgetsOf(send: ProviderSend): SendOf {
  const { application, factorId, challengeId, purpose } = send;
  return {
    applicationId: application.id,
    userId: countedAs(send),
    nonceOf: challengeId ?? factorId,
    byProvider: purpose === 'enrolment',
  };
}

function capsOf({ application, factorType }: ProviderSend): Parameters<SendCaps['take']>[0] {
  return { channel: 'other', application, factorType };
}
