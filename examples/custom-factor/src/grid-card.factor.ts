import {
  AnsweredFactor,
  type Enrolment,
  FactorProvider,
  MISMATCH,
  type PublicView,
  type ShownChallenge,
  type Verdict,
} from '@countersign/factor-kit';
import { Injectable } from '@nestjs/common';
import { timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import { ASKED, cellOf, CELLS, newCard, printed, questionOf } from './grid.js';

const Input = z.strictObject({});

const CardSecret = z.strictObject({
  card: z.string().length(CELLS.length * 2),
  /** Questions that were answered. */
  answered: z.number().int().min(0),
});

const Answer = z.strictObject({
  code: z
    .string()
    .max(32)
    .regex(/^[\s-]*(?:[A-Za-z0-9][\s-]*){6}$/, 'must be what stands in the three cells')
    .overwrite((spelled) => spelled.replace(/[\s-]/g, '').toUpperCase())
    .meta({
      description: 'What stands in the cells that were asked for, in their order.',
      examples: ['K7 M4 9P'],
    }),
});

type CardSecret = z.output<typeof CardSecret>;
type Answer = z.output<typeof Answer>;

/**
 * A printed card of fifty cells. Enrolment shows it once; a challenge asks for three of its cells. Which ones is the
 * card's own affair and not the challenge's: who saw six cells over a shoulder and has the password could otherwise
 * open challenges until one asks for three of the six.
 */
@FactorProvider({ type: 'grid_card', contract: 1, amr: ['otp'], sendsNothing: true })
@Injectable()
export class GridCardFactor extends AnsweredFactor<{
  input: typeof Input;
  secret: typeof CardSecret;
  answer: typeof Answer;
}> {
  override readonly title = 'Grid card';
  override readonly input = Input;
  override readonly secret = CardSecret;
  override readonly answer = Answer;

  /** Makes a card, to be printed, and asks for three of its cells: has it been? */
  override enrol(): Enrolment<CardSecret> {
    const card = newCard();
    return { secret: { card, answered: 0 }, show: { card: printed(card), cells: questionOf(card, 0) } };
  }

  /** The same decision as `verify`: activation answers the card's first question. */
  override confirm(secret: CardSecret, answer: Answer): Verdict<CardSecret> {
    return this.verify(secret, answer);
  }

  /** Names the cells to read off: `{ cells: ['B4', 'D1', 'H3'] }`. */
  override challenge({ card, answered }: CardSecret): ShownChallenge {
    return { cells: questionOf(card, answered) };
  }

  /**
   * Decides whether the answer is what stands in the cells that the card's next question asks for.
   * @returns accepted with the question's number as the step to spend, and a card that asks the next one. It is not
   *   `'challenge-bound'`: all challenges ask the same until it is answered
   */
  override verify({ card, answered }: CardSecret, { code }: Answer): Verdict<CardSecret> {
    const right = Buffer.from(
      questionOf(card, answered)
        .map((cell) => cellOf(card, cell))
        .join(''),
    );
    const given = Buffer.from(code);
    if (given.length !== right.length || !timingSafeEqual(given, right)) return MISMATCH;
    return {
      accepted: true,
      fresh: { step: BigInt(answered) },
      secret: { card, answered: answered + 1 },
    };
  }

  /** Tells no more than what it is. */
  override publicView(): PublicView {
    return { hint: `${CELLS.length} cells, ${ASKED} at a time` };
  }
}
