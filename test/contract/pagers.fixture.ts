import {
  type Circumstances,
  DeliveredCodeFactor,
  FactorProvider,
  type FactorProviderOptions,
  type Recipient,
} from '@countersign/factor-kit';
import type { DeliveredContract } from '@countersign/factor-testing';
import { Injectable } from '@nestjs/common';
import { z } from 'zod';

const Input = z.strictObject({ mailbox: z.email() });
const PagerSecret = z.strictObject({ mailbox: z.email() });

type PagerSecret = z.output<typeof PagerSecret>;

/** Codes to a mailbox: a right provider, and the base of the wrong ones, each of which breaks one thing. */
export abstract class PagerFactor extends DeliveredCodeFactor<{
  input: typeof Input;
  secret: typeof PagerSecret;
}> {
  override readonly title = 'Pager';
  override readonly channel = 'email';
  override readonly input = Input;
  override readonly secret = PagerSecret;

  override address({ mailbox }: z.output<typeof Input>, _at: Circumstances): PagerSecret {
    return { mailbox };
  }

  override recipient({ mailbox }: PagerSecret): Recipient {
    return { channel: 'email', to: mailbox };
  }
}

/** The contract of every pager. */
export function pagerContract(provider: DeliveredContract['provider']): DeliveredContract {
  return { provider, input: { mailbox: 'pager-owner@example.com' } };
}

const pager: FactorProviderOptions = { type: 'pager', contract: 1, amr: ['otp'] };

/** Breaks nothing. */
@FactorProvider(pager)
@Injectable()
export class MailPager extends PagerFactor {}

/** Sends on another channel than it says, where nobody has looked at caps and countries. */
@FactorProvider(pager)
@Injectable()
export class StrayPager extends PagerFactor {
  override recipient(): Recipient {
    return { channel: 'sms', to: '+14155550167' };
  }
}

/** Keeps where codes go in its own memory, where another instance cannot see it. */
@FactorProvider(pager)
@Injectable()
export class HomeboundPager extends PagerFactor {
  readonly #known = new Set<string>();

  override address(input: z.output<typeof Input>, at: Circumstances): PagerSecret {
    const secret = super.address(input, at);
    this.#known.add(secret.mailbox);
    return secret;
  }

  override recipient(secret: PagerSecret): Recipient {
    if (!this.#known.has(secret.mailbox)) throw new Error('never heard of it');
    return super.recipient(secret);
  }
}

/** Logs addresses. */
@FactorProvider(pager)
@Injectable()
export class TalkativePager extends PagerFactor {
  override recipient(secret: PagerSecret): Recipient {
    // eslint-disable-next-line no-console -- the fault that the suite must find
    console.debug('paging', secret);
    return super.recipient(secret);
  }
}

/** Makes a secret that its own schema refuses. */
@FactorProvider(pager)
@Injectable()
export class MisshapenPager extends PagerFactor {
  override address(input: z.output<typeof Input>, at: Circumstances): PagerSecret {
    return { ...super.address(input, at), since: at.now } as PagerSecret;
  }
}

/** Sends to nobody. */
@FactorProvider(pager)
@Injectable()
export class LostPager extends PagerFactor {
  override recipient(): Recipient {
    return { channel: 'email', to: '' };
  }
}
