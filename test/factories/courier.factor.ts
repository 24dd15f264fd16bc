import {
  AnsweredFactor,
  type Enrolment,
  FactorProvider,
  MISMATCH,
  type PublicView,
  refuse,
  type Refused,
  type ShownChallenge,
  type Verdict,
} from '@countersign/factor-kit';
import { Injectable } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import { z } from 'zod';

const Input = z.strictObject({ address: z.string().max(100) });
const CourierSecret = z.strictObject({ address: z.string() });
const Answer = z.strictObject({ code: z.string().regex(/^[a-z]{1,20}$/) });

type CourierSecret = z.output<typeof CourierSecret>;
type Answer = z.output<typeof Answer>;

/** What couriers were sent out with. */
export const carried: string[] = [];

abstract class Messages extends AnsweredFactor<{
  input: typeof Input;
  secret: typeof CourierSecret;
  answer: typeof Answer;
}> {
  override readonly input = Input;
  override readonly secret = CourierSecret;
  override readonly answer = Answer;

  override enrol({ address }: z.output<typeof Input>): Enrolment<CourierSecret> | Refused {
    if (address === '') return refuse('address', 'is empty');
    carried.push(address);
    return { secret: { address }, show: {} };
  }

  override confirm(secret: CourierSecret, answer: Answer): Verdict<CourierSecret> {
    return this.verify(secret, answer);
  }

  override verify(_secret: CourierSecret, { code }: Answer): Verdict<CourierSecret> {
    return code === 'sesame' ? { accepted: true, fresh: { token: randomUUID() } } : MISMATCH;
  }

  override publicView(): PublicView {
    return { hint: 'a courier' };
  }
}

abstract class Couriers extends Messages {
  override challenge({ address }: CourierSecret): ShownChallenge {
    carried.push(address);
    return { word: 'open' };
  }
}

/** A provider that sends by itself, and says nothing of it. */
@FactorProvider({ type: 'courier', contract: 1, amr: ['otp'] })
@Injectable()
export class CourierFactor extends Couriers {
  override readonly title = 'Courier';
}

/** The same, which says that it sends nothing. */
@FactorProvider({ type: 'leaflet', contract: 1, amr: ['otp'], sendsNothing: true })
@Injectable()
export class LeafletFactor extends Couriers {
  override readonly title = 'Leaflet';
}

/** A provider without a challenge of its own, which says nothing of what it sends. */
@FactorProvider({ type: 'whistle', contract: 1, amr: ['otp'] })
@Injectable()
export class WhistleFactor extends Messages {
  override readonly title = 'Whistle';
}
