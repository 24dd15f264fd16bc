import {
  type AddressRefused,
  DeliveredCodeFactor,
  FactorProvider,
  type Recipient,
} from '@countersign/factor-kit';
import { Injectable } from '@nestjs/common';
import { z } from 'zod';

// Not strict: zod drops what such a schema does not name.
const Input = z.object({ mailbox: z.string().max(100) });
const PagerSecret = z.object({ mailbox: z.string() });

type PagerSecret = z.output<typeof PagerSecret>;

const SOUND = {
  address: ({ mailbox }: z.output<typeof Input>): unknown => ({ mailbox }),
  recipient: ({ mailbox }: PagerSecret): unknown => ({ channel: 'email', to: mailbox }),
};

/** What the unruly pager's methods do at present. */
export const pagerConduct = { ...SOUND };

/** Lets it behave. */
export function behavePager(): void {
  Object.assign(pagerConduct, SOUND);
}

/** A provider of delivered codes whose methods do whatever a test wants, as a stranger's might. */
@FactorProvider({ type: 'unruly_pager', contract: 1, amr: ['otp'] })
@Injectable()
export class UnrulyPager extends DeliveredCodeFactor<{ input: typeof Input; secret: typeof PagerSecret }> {
  override readonly title = 'Unruly pager';
  override readonly channel = 'email';
  override readonly input = Input;
  override readonly secret = PagerSecret;

  override address(input: z.output<typeof Input>): PagerSecret | AddressRefused {
    return pagerConduct.address(input) as PagerSecret;
  }

  override recipient(secret: PagerSecret): Recipient {
    return pagerConduct.recipient(secret) as Recipient;
  }
}
