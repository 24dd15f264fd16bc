import {
  AnsweredFactor,
  type Circumstances,
  type Enrolment,
  MISMATCH,
  type Verdict,
} from '@countersign/factor-kit';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { parseAnswer } from './answer-parsing.js';

const Nothing = z.strictObject({});
const Text = z.strictObject({ code: z.string().min(1) });
const Digits = z.strictObject({ code: z.string().regex(/^[0-9]{6}$/, 'must be six digits') });

/** A factor that asks for whatever its schema says. */
class Asking extends AnsweredFactor<{ input: typeof Nothing; secret: typeof Nothing; answer: z.ZodType }> {
  override readonly title = 'Asking';
  override readonly input = Nothing;
  override readonly secret = Nothing;
  constructor(override readonly answer: typeof Text) {
    super();
  }
  override enrol(): Enrolment<Record<string, never>> {
    return { secret: {}, show: {} };
  }
  override confirm(_secret: unknown, _answer: unknown, _at: Circumstances): Verdict<Record<string, never>> {
    return MISMATCH;
  }
  override verify(_secret: unknown, _answer: unknown, _at: Circumstances): Verdict<Record<string, never>> {
    return MISMATCH;
  }
  override publicView(): { hint: string } {
    return { hint: '' };
  }
}

describe('an answer', () => {
  it.each(['١٢٣٤٥٦', '123\u2011456', 'une\u200bdeux', '  x  ', 'Ⅷ – ½'])(
    'that is a text of its own, such as %j, keeps each of its characters',
    async (code) => {
      expect(await parseAnswer(new Asking(Text), { code })).toEqual({ accepted: true, value: { code } });
    },
  );

  it('that must be plain digits is read in the digits of any script', async () => {
    const parsed = await parseAnswer(new Asking(Digits), { code: '\u2068١٢٣۴۵۶\u2069' });
    expect(parsed).toEqual({ accepted: true, value: { code: '123456' } });
  });

  it.each([[{ code: '١٢٣' }], [{ code: 123_456 }], [{}], [{ code: '123\u200b456', more: 1 }]])(
    'such as %j is refused as it came',
    async (answer) => {
      expect((await parseAnswer(new Asking(Digits), answer)).accepted).toBe(false);
    },
  );
});
