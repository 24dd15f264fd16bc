import { z } from 'zod';

/** 80 bits: what RFC 4226 and everybody's exports have at the least. */
const FEWEST_SYMBOLS = 16;
const MOST_SYMBOLS = 128;

/** Lengths of base32 without padding that no number of whole bytes has (RFC 4648 section 6). */
const IMPOSSIBLE = new Set([1, 3, 6]);

/** How long a code is. */
export const TotpDigits = z.int('must be 6, 7 or 8').min(6, 'must be 6, 7 or 8').max(8, 'must be 6, 7 or 8');

/** How long a code is shown, in seconds. */
export const TotpPeriod = z
  .int('must be 15 to 120 seconds')
  .min(15, 'must be 15 to 120 seconds')
  .max(120, 'must be 15 to 120 seconds');

/**
 * A secret that was made elsewhere. People paste base32 in lower case, in groups and with padding; the JSON form tells
 * of that, and overwrite, unlike transform, keeps it.
 */
export const TotpImport = z.strictObject({
  secret: z
    .string()
    .max(256, 'must be base32 of at most 128 symbols')
    .regex(/^[A-Za-z2-7\s-]+=*$/, 'must be base32')
    .overwrite((spelled) => spelled.replace(/[\s=-]/g, '').toUpperCase())
    .refine(
      ({ length }) => length >= FEWEST_SYMBOLS && length <= MOST_SYMBOLS && !IMPOSSIBLE.has(length % 8),
      'must be base32 of at least 80 bits',
    )
    .meta({ description: 'The secret in base32, at least 80 bits.', examples: ['JBSWY3DPEHPK3PXP'] }),
  algorithm: z
    .string()
    .regex(/^SHA-?(?:1|256|512)$/i, 'must be SHA1, SHA256 or SHA512')
    .overwrite((name) => name.replace('-', '').toUpperCase())
    .pipe(z.enum(['SHA1', 'SHA256', 'SHA512']))
    .default('SHA1'),
  digits: TotpDigits.default(6),
  period: TotpPeriod.default(30),
});

/** A secret that was made elsewhere, in the one form in which it is kept. */
export type TotpImport = z.output<typeof TotpImport>;
