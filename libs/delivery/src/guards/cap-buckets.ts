import { Inject, Injectable } from '@nestjs/common';
import { getConfigToken } from '@nestjs/config';
import { type Bucket, type RateLimit, Sealer } from '@countersign/core';
import type { Application } from '@countersign/directory';
import { createHmac, type KeyObject } from 'node:crypto';
import type { SendCap } from '../codes/code-delivery.js';
import type { DeliveryConfig } from '../delivery.config.js';

const DAY_MS = 24 * 60 * 60_000;
const HOUR_MS = 60 * 60_000;
/** Enrolments, which anybody who can register can begin, have at most this part of the day's messages. */
const ENROLMENT_SHARE = 5;

/** A code by SMS. */
export interface SmsClaim {
  readonly channel: 'sms';
  readonly application: Application;
  /** E.164. */
  readonly to: string;
  /** ISO 3166. */
  readonly country: string;
  readonly enrolment: boolean;
  /** Holds some numbers to a part of every cap, together: `{ name: 'unknown_type', of: 10 }` is a tenth. */
  readonly part?: CapPart;
}

/** A code by e-mail. */
export interface EmailClaim {
  readonly channel: 'email';
  readonly application: Application;
  /** In the form that mail goes to. */
  readonly to: string;
  readonly enrolment: boolean;
}

/** An enrolment whose provider may send by itself, where to and how the engine does not know. */
export interface ProviderClaim {
  readonly channel: 'other';
  readonly application: Application;
  readonly factorType: string;
}

/** A mail about an account: a link, or a notice. */
export interface MailClaim {
  readonly channel: 'mail';
  readonly application: Application;
  readonly to: string;
  /** What it is about; each is counted by itself, so that none can be used to keep another from its reader. */
  readonly about: string;
  /** Whether its address has not proven to be the account's, so that a stranger may have chosen it. */
  readonly toStranger: boolean;
}

/** A part of every cap that some messages share. */
export interface CapPart {
  readonly name: string;
  readonly of: number;
}

/** Whose message it is, and where to. */
export type CapClaim = SmsClaim | EmailClaim | MailClaim | ProviderClaim;

/** A bucket of the ephemeral store, and the cap that is used up when it is empty. */
export interface CapBucket extends Bucket {
  readonly cap: SendCap;
}

/**
 * Names the buckets that a message counts in. Enrolments, which strangers can begin, have buckets of their own by
 * recipient and by country, and a fifth of the application's day: whatever they use up, the owner of a factor that was
 * activated is still sent codes.
 */
@Injectable()
export class CapBuckets {
  readonly #recipientKey: KeyObject;

  constructor(
    sealer: Sealer,
    @Inject(getConfigToken('delivery')) private readonly config: DeliveryConfig,
  ) {
    this.#recipientKey = sealer.deriveKey('message-recipient');
  }

  /** The buckets of a message, in groups that lie in one cluster slot each. */
  of(claim: CapClaim): (readonly CapBucket[])[] {
    switch (claim.channel) {
      case 'sms':
        return this.#sms(claim);
      case 'email':
        return this.#email(claim);
      case 'mail':
        return this.#mail(claim);
      case 'other':
        return this.#other(claim);
    }
  }

  #sms({ application, to, country, enrolment, part }: SmsClaim): CapBucket[][] {
    const { smsPerNumber, smsDailyLimit, smsCountryHourlyLimit } = this.config;
    const groups = [
      this.#recipient('sms_number', 'number_limit', smsPerNumber, { to, side: side(enrolment) }),
      [
        ...dayOf('sms', application, application.policy.smsDailyLimit ?? smsDailyLimit, enrolment),
        {
          cap: 'country_limit' as const,
          key: `sms_country:{${application.id}}:${country}:${side(enrolment)}`,
          limit: smsCountryHourlyLimit,
          windowMs: HOUR_MS,
        },
      ],
    ];
    return part === undefined ? groups : groups.map((group) => group.flatMap((bucket) => held(bucket, part)));
  }

  #email({ application, to, enrolment }: EmailClaim): CapBucket[][] {
    return [
      this.#recipient('email_recipient', 'recipient_limit', this.config.emailPerRecipient, {
        to,
        side: side(enrolment),
      }),
      dayOf('email', application, this.#emailsOf(application), enrolment),
    ];
  }

  // An activated factor is its owner's: what its challenges send is bounded by user.
  #other({ application, factorType }: ProviderClaim): CapBucket[][] {
    const key = `other_enrolment:{${application.id}}:${factorType}`;
    return [[enrolmentsOf(key, this.#emailsOf(application))]];
  }

  #mail({ application, to, about, toStranger }: MailClaim): CapBucket[][] {
    const limit = this.#emailsOf(application);
    const day: CapBucket = {
      cap: 'application_limit',
      key: `mail_day:{${application.id}}`,
      limit,
      windowMs: DAY_MS,
    };
    return [
      this.#recipient('mail_recipient', 'recipient_limit', this.config.emailPerRecipient, {
        to,
        side: about,
      }),
      toStranger ? [day] : [],
    ];
  }

  #emailsOf({ policy }: Application): number {
    return policy.emailDailyLimit ?? this.config.emailDailyLimit;
  }

  // A recipient is counted across applications, and so in a cluster slot of its own.
  #recipient(
    name: string,
    cap: SendCap,
    limit: RateLimit | 'off',
    { to, side }: { readonly to: string; readonly side: string },
  ): CapBucket[] {
    if (limit === 'off') return [];
    const tag = createHmac('sha256', this.#recipientKey).update(to).digest('base64url');
    return [{ cap, key: `${name}:{${tag}}:${side}`, ...limit }];
  }
}

function dayOf(
  channel: 'sms' | 'email',
  { id }: Application,
  limit: number,
  enrolment: boolean,
): CapBucket[] {
  const day: CapBucket = {
    cap: 'application_limit',
    key: `${channel}_day:{${id}}`,
    limit,
    windowMs: DAY_MS,
  };
  if (!enrolment) return [day];
  return [day, enrolmentsOf(`${channel}_enrolment:{${id}}`, limit)];
}

function enrolmentsOf(key: string, dailyLimit: number): CapBucket {
  return {
    cap: 'enrolment_limit',
    key,
    limit: Math.floor(dailyLimit / ENROLMENT_SHARE),
    windowMs: DAY_MS,
  };
}

function side(enrolment: boolean): string {
  return enrolment ? 'enrolment' : 'active';
}

// The whole cap still counts what its part counts.
function held(bucket: CapBucket, { name, of }: CapPart): CapBucket[] {
  return [bucket, { ...bucket, key: `${bucket.key}:${name}`, limit: Math.ceil(bucket.limit / of) }];
}
