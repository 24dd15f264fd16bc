import {
  AnsweredFactor,
  type Circumstances,
  type Enrolment,
  FactorProvider,
  MISMATCH,
  type PublicView,
  type Verdict,
} from '@countersign/factor-kit';
import { Injectable } from '@nestjs/common';
import { HOTP, Secret } from 'otpauth';
import { z } from 'zod';

const Input = z.strictObject({});
const TokenSecret = z.strictObject({ seed: z.string(), next: z.number().int() });
const Answer = z.strictObject({ code: z.string().regex(/^\d{6}$/) });
type TokenSecret = z.output<typeof TokenSecret>;
type Answer = z.output<typeof Answer>;

/** How often the button may have been pressed in a pocket (RFC 4226 section 7.4). */
const LOOK_AHEAD = 10;

/** A token with a button: counter-based one-time passwords (RFC 4226). */
@FactorProvider({ type: 'hotp', contract: 1, amr: ['otp'], sendsNothing: true })
@Injectable()
export class HotpFactor extends AnsweredFactor<{
  input: typeof Input;
  secret: typeof TokenSecret;
  answer: typeof Answer;
}> {
  override readonly title = 'Button token';
  override readonly input = Input;
  override readonly secret = TokenSecret;
  override readonly answer = Answer;

  /** Makes a seed, and shows it once. */
  override enrol(): Enrolment<TokenSecret> {
    const seed = new Secret({ size: 20 }).base32;
    return { secret: { seed, next: 0 }, show: { seed } };
  }

  /** Activation is the same decision as any other. */
  override confirm(secret: TokenSecret, answer: Answer, at: Circumstances): Verdict<TokenSecret> {
    return this.verify(secret, answer, at);
  }

  /** Decides whether the code is one of the next few. The counter it matched is what the engine spends. */
  override verify({ seed, next }: TokenSecret, { code }: Answer, _at: Circumstances): Verdict<TokenSecret> {
    for (let counter = next; counter < next + LOOK_AHEAD; counter += 1) {
      const delta = HOTP.validate({ token: code, secret: Secret.fromBase32(seed), counter, window: 0 });
      if (delta === null) continue;
      return { accepted: true, fresh: { step: BigInt(counter) }, secret: { seed, next: counter + 1 } };
    }
    return MISMATCH;
  }

  /** What lists show: nothing that gives the seed away. */
  override publicView(): PublicView {
    return { hint: 'Button token' };
  }
}
