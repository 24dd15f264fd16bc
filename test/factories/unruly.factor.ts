import {
  AnsweredFactor,
  type Circumstances,
  type Enrolment,
  FactorProvider,
  type PublicView,
  type ShownChallenge,
  type Verdict,
} from '@countersign/factor-kit';
import { Injectable } from '@nestjs/common';
import { z } from 'zod';

// None of them strict: zod drops what such a schema does not name.
const Input = z.object({ nickname: z.string().max(20).optional() });
const Secret = z.object({
  word: z.string().refine(() => conduct.fits()),
  colour: z.string().default('green'),
});
const Answer = z.object({
  code: z
    .string()
    .regex(/^word-[a-z]+$/)
    .refine((code) => {
      if (code === 'word-explosive') throw new Error('a schema of a stranger');
      return true;
    }),
});

type Secret = z.output<typeof Secret>;

/** A step that only rises, so that each answer is fresh. */
let step = 0n;

const SOUND = {
  enrol: (): unknown => ({ secret: { word: 'word-secret' }, show: { word: 'word-secret' } }),
  confirm: (): unknown => ({ accepted: true, fresh: { step: (step += 1n) } }),
  verify: (_at: Circumstances, _secret?: unknown): unknown => ({
    accepted: true,
    fresh: { step: (step += 1n) },
  }),
  publicView: (): unknown => ({ hint: 'a word' }),
  challenge: (): unknown => ({}),
  /** Whether the schema of its secrets accepts what was kept. */
  fits: (): boolean => true,
};

/** What the unruly provider's methods do at present. */
export const conduct = { ...SOUND };

/** Lets it behave. */
export function behave(): void {
  Object.assign(conduct, SOUND);
}

/** A provider whose methods do whatever a test wants, as a stranger's might. It accepts any answer while it behaves. */
@FactorProvider({ type: 'unruly', contract: 1, amr: ['kba'] })
@Injectable()
export class UnrulyFactor extends AnsweredFactor<{
  input: typeof Input;
  secret: typeof Secret;
  answer: typeof Answer;
}> {
  override readonly title = 'Unruly';
  override readonly input = Input;
  override readonly secret = Secret;
  override readonly answer = Answer;

  override enrol(): Enrolment<Secret> {
    return conduct.enrol() as Enrolment<Secret>;
  }

  override confirm(): Verdict<Secret> {
    return conduct.confirm() as Verdict<Secret>;
  }

  override verify(secret: Secret, _answer: unknown, at: Circumstances): Verdict<Secret> {
    return conduct.verify(at, secret) as Verdict<Secret>;
  }

  override challenge(): ShownChallenge {
    return conduct.challenge() as ShownChallenge;
  }

  override publicView(): PublicView {
    return conduct.publicView() as PublicView;
  }
}
