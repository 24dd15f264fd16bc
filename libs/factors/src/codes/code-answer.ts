import { z } from 'zod';

/** Digits of a delivered code. */
const DIGITS = 6;

/**
 * The answer to every delivered code. The pattern accepts what people type ("123 456", "123-456"), so that the
 * published schema tells the truth; overwrite, unlike transform, keeps the JSON form.
 */
export const CodeAnswer = z.strictObject({
  code: z
    .string()
    .max(64)
    .regex(/^[\s-]*(?:[0-9][\s-]*){6}$/, `must be a code of ${DIGITS} digits`)
    .overwrite((spelled) => spelled.replace(/[\s-]/g, ''))
    .meta({ description: 'The code that was sent.', examples: ['123456'] }),
});

/** A delivered code, bare digits. */
export type CodeAnswer = z.output<typeof CodeAnswer>;
