import {
  AnsweredFactor,
  type Circumstances,
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
import { ASKED, cellOf, CELLS, cellsFor, newCard, printed } from './grid.js';

const Input = z.strictObject({});

const CardSecret = z.strictObject({ card: z.string().length(CELLS.length * 2) });

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
 * A printed card of fifty cells. Enrolment shows it once; a challenge asks for three of its cells. Each three are good
 * once: somebody who looked over a shoulder knows three cells, and those three are not asked for a second time.
 */
@FactorProvider({ type: 'grid_card', contract: 1, amr: ['otp'] })
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
  override enrol(_input: z.output<typeof Input>, at: Circumstances): Enrolment<CardSecret> {
    const card = newCard();
    return { secret: { card }, show: { card: printed(card), cells: cellsFor(at.nonce) } };
  }

  /** The same decision as `verify`: the nonce is the enrolment's. */
  override confirm(secret: CardSecret, answer: Answer, at: Circumstances): Verdict<CardSecret> {
    return this.verify(secret, answer, at);
  }

  /** Names the cells to read off: `{ cells: ['B4', 'D1', 'H3'] }`. */
  override challenge(_secret: CardSecret, at: Circumstances): ShownChallenge {
    return { cells: cellsFor(at.nonce) };
  }

  /**
   * Decides whether the answer is what stands in the cells that were asked for.
   * @returns accepted with those cells as the token to spend. It is not `'challenge-bound'`: another challenge may ask
   *   for the same three by chance, and then the answer would fit both
   */
  override verify({ card }: CardSecret, { code }: Answer, at: Circumstances): Verdict<CardSecret> {
    const cells = cellsFor(at.nonce);
    const right = Buffer.from(cells.map((cell) => cellOf(card, cell)).join(''));
    const given = Buffer.from(code);
    if (given.length !== right.length || !timingSafeEqual(given, right)) return MISMATCH;
    return { accepted: true, fresh: { token: cells.join(' ') } };
  }

  /** Tells no more than what it is. */
  override publicView(): PublicView {
    return { hint: `${CELLS.length} cells, ${ASKED} at a time` };
  }
}
