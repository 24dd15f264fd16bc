import {
  AnsweredFactor,
  type Enrolment,
  FactorProvider,
  MISMATCH,
  type Verdict,
} from '@countersign/factor-kit';
import { Injectable } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import { z } from 'zod';

const Input = z.strictObject({});
const Secret = z.strictObject({ passed: z.boolean() });
const Answer = z.strictObject({ standIn: z.boolean() });

/**
 * Another factor of the same user, for rules that need two. Whoever says so passes, so it must never be listed
 * outside of the bench; its answer has a shape of its own, so that it is never taken for that of the tested factor.
 */
@FactorProvider({ type: 'contract_stand_in', contract: 1, amr: ['user'], sendsNothing: true })
@Injectable()
export class StandInFactor extends AnsweredFactor<{
  input: typeof Input;
  secret: typeof Secret;
  answer: typeof Answer;
}> {
  override readonly title = 'Stand-in';
  override readonly input = Input;
  override readonly secret = Secret;
  override readonly answer = Answer;

  override enrol(): Enrolment<z.output<typeof Secret>> {
    return { secret: { passed: true }, show: {} };
  }

  override confirm(
    secret: z.output<typeof Secret>,
    answer: z.output<typeof Answer>,
  ): Verdict<z.output<typeof Secret>> {
    return this.verify(secret, answer);
  }

  override verify(
    { passed }: z.output<typeof Secret>,
    { standIn }: z.output<typeof Answer>,
  ): Verdict<z.output<typeof Secret>> {
    return passed === standIn ? { accepted: true, fresh: { token: randomUUID() } } : MISMATCH;
  }

  override publicView(): { hint: string } {
    return { hint: 'stand-in' };
  }
}
