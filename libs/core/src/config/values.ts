import { z } from 'zod';

const UNIT_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

// A hundred years: beyond, sums with the present moment are no dates any more.
const LONGEST_MS = 36_500 * 86_400_000;

function durationMs(text: string): number | undefined {
  const match = /^(\d{1,12})(ms|s|m|h|d)$/.exec(text);
  const unit = match?.[2] === undefined ? undefined : UNIT_MS[match[2]];
  return match === null || unit === undefined ? undefined : Number(match[1]) * unit;
}

/** A duration such as `15m`, `7d` or `500ms`; yields milliseconds. */
export function duration(): z.ZodType<number, string> {
  return z.string().transform((text, context) => {
    const ms = durationMs(text);
    if (ms !== undefined && ms > 0 && ms <= LONGEST_MS) return ms;
    context.addIssue({
      code: 'custom',
      message: 'expected a duration such as 500ms, 15m or 7d, of at most 36500d',
    });
    return z.NEVER;
  });
}

/** A rate limit: so many per so long. */
export interface RateLimit {
  readonly limit: number;
  readonly windowMs: number;
}

/** A limit such as `5/15m`, or `off` (refused in production by the loader). */
export function rateLimit(): z.ZodType<RateLimit | 'off', string> {
  return z.string().transform((text, context) => {
    if (text === 'off') return 'off';
    const match = /^(\d{1,9})\/(.+)$/.exec(text);
    const windowMs = match?.[2] === undefined ? undefined : durationMs(match[2]);
    const limit = Number(match?.[1]);
    if (windowMs !== undefined && windowMs >= 1_000 && windowMs <= LONGEST_MS && limit > 0)
      return { limit, windowMs };
    context.addIssue({ code: 'custom', message: 'expected a limit such as 5/15m (count/duration), or off' });
    return z.NEVER;
  });
}

/** A whole number between bounds. */
export function whole(min: number, max: number): z.ZodType<number, string> {
  return z.string().transform((text, context) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= min && value <= max) return value;
    context.addIssue({ code: 'custom', message: `expected a whole number from ${min} to ${max}` });
    return z.NEVER;
  });
}

/** `true` or `false`. */
export function flag(): z.ZodType<boolean, string> {
  return z.enum(['true', 'false'], { error: 'expected true or false' }).transform((text) => text === 'true');
}

/** Comma-separated items, trimmed, empty ones dropped. */
export function list(): z.ZodType<string[], string> {
  return z.string().transform((text) =>
    text
      .split(',')
      .map((item) => item.trim())
      .filter((item) => item !== ''),
  );
}
