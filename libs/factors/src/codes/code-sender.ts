import { Injectable } from '@nestjs/common';
import { Database, type EventDraft, EventLog, type Origin, publicId } from '@countersign/core';
import { CodeDelivery, type Delivered } from '@countersign/delivery';
import type { Application } from '@countersign/directory';
import type { Recipient } from '@countersign/factor-kit';
import { hash } from 'node:crypto';
import { DeliveredCodes } from './delivered-codes.js';
import { RESEND_AFTER_SECONDS, SendBudgets, type SendLimit } from './send-budgets.js';

/** A code that is to be sent. UUIDs. */
export interface CodeRequest {
  readonly application: Application;
  readonly userId: string;
  /** Set where the user is made later, with the factor: then the send is counted by this name, and recorded later. */
  readonly userToBeMade?: { readonly externalId: string } | undefined;
  /** The language that the user, or the caller, prefers (BCP 47). */
  readonly locale: string | null;
  readonly factorId: string;
  readonly factorType: string;
  readonly recipient: Recipient;
  readonly purpose: 'login' | 'step_up' | 'action' | 'enrolment';
  /** Absent at enrolment, where the code belongs to the factor. */
  readonly challengeId?: string;
  readonly origin: Origin;
}

/** Where a code went, as its user may see it, and when there may be another. */
export interface SentCode {
  readonly to: string;
  /** Seconds. */
  readonly resendAfter: number;
}

/** How a send ended. Only `sent` counts against the user's limits. */
export type CodeSending =
  | { readonly outcome: 'sent'; readonly sent: SentCode }
  | { readonly outcome: 'limited'; readonly limit: SendLimit }
  | Exclude<Delivered, { outcome: 'sent' }>;

/** Sends codes: counts, makes, keeps, hands over, records. */
@Injectable()
export class CodeSender {
  constructor(
    private readonly budgets: SendBudgets,
    private readonly codes: DeliveredCodes,
    private readonly delivery: CodeDelivery,
    private readonly events: EventLog,
    private readonly database: Database,
  ) {}

  /** @throws EphemeralStoreUnavailable where nothing can be counted: nothing is sent then */
  async run(request: CodeRequest): Promise<CodeSending> {
    const { application, userId, userToBeMade, factorId, recipient } = request;
    const place = { applicationId: application.id, nonceOf: request.challengeId ?? factorId, factorId };
    const of = { ...place, userId: countedAs(request) };
    const limit = await this.budgets.take(of);
    if (limit !== undefined) return { outcome: 'limited', limit };

    // Before the code leaves, so that nobody can answer sooner than it is known.
    const made = await this.codes.make(place);
    const delivered = await this.delivery.deliver({
      application,
      userId,
      recipient,
      messageId: made.messageId,
      code: made.code,
      ttlMs: made.ttlMs,
      locale: request.locale,
      enrolment: request.purpose === 'enrolment',
      askedFrom: request.origin.actor.type === 'user' ? request.origin.ip : null,
    });
    if (delivered.outcome !== 'sent') {
      await this.codes.takeBack(place, made);
      await this.budgets.giveBack(of);
      return delivered;
    }
    if (userToBeMade === undefined) await this.events.append(this.database.direct, sentEvent(request));
    return {
      outcome: 'sent',
      sent: { to: this.delivery.masked(recipient), resendAfter: RESEND_AFTER_SECONDS },
    };
  }
}

/** What the sends of a user are counted by: a user who is not made yet has no id that stays. */
export function countedAs({ userId, userToBeMade }: Pick<CodeRequest, 'userId' | 'userToBeMade'>): string {
  return userToBeMade === undefined ? userId : hash('sha256', userToBeMade.externalId, 'base64url');
}

/** The event of a code, or of what a provider may have sent by itself: then the channel is `other`. */
export function sentEvent(
  request: Omit<CodeRequest, 'recipient' | 'locale'> & Partial<Pick<CodeRequest, 'recipient'>>,
): EventDraft {
  const { application, userId, factorId, factorType, challengeId, purpose, recipient, origin } = request;
  return {
    type: 'challenge.sent',
    applicationId: application.id,
    userId,
    origin,
    data: {
      ...(challengeId === undefined ? {} : { challengeId: publicId('chl', challengeId) }),
      purpose,
      factorId: publicId('fac', factorId),
      factorType,
      channel: recipient?.channel ?? 'other',
    },
  };
}
