import { defineSection, duration, list, type RateLimit, rateLimit } from '@countersign/core';

/** What the engine needs to know. */
export interface FactorsConfig {
  /** Factor types that are offered; `undefined` offers every type that has a provider. */
  readonly enabled: readonly string[] | undefined;
  /** Modules with further providers: paths and package names. */
  readonly modules: readonly string[];
  /** Types whose provider is gone on purpose: their factors are refused, and can be removed. */
  readonly retired?: readonly string[];
  /** What becomes of an enrolled type that has no provider and is not retired either; the start is refused otherwise. */
  readonly missing?: 'retire';
  /** How long a challenge, and the temp token that opens it, lives. */
  readonly challengeTtlMs: number;
  /** How long a delivered code is good for. */
  readonly codeTtlMs: number;
  /** Sends of codes per user. */
  readonly sendLimit: RateLimit | 'off';
  /** The budget of answers per user, whatever the challenge. */
  readonly verifyLimit: RateLimit | 'off';
}

const LONGEST_CODE_MS = 10 * 60_000;

const variables = {
  FACTORS_ENABLED: list()
    .optional()
    .describe('factor types that are offered; all that can work where absent'),
  FACTOR_MODULES: list()
    .prefault('')
    .describe('modules with factors of your own: ./my-factor.js, @acme/countersign-factor-card'),
  FACTORS_RETIRED: list()
    .prefault('')
    .describe('types whose provider is gone: their factors are refused, and removed by `factors remove`'),
  TEMP_TOKEN_TTL: duration().prefault('5m').describe('lifetime of a challenge and its temp token'),
  OTP_TTL: duration()
    .refine(
      (ms) => ms <= LONGEST_CODE_MS,
      'a code that was sent is good for at most 10m (OWASP ASVS 5.0, 6.5.5)',
    )
    .prefault('5m')
    .describe('how long a code that was sent is good for, at most 10m'),
  RATE_LIMIT_SEND: rateLimit().prefault('5/1h').describe('codes sent per user'),
  RATE_LIMIT_VERIFY: rateLimit().prefault('10/15m').describe('answers per user, accepted ones too'),
};

const LIMITS = ['RATE_LIMIT_SEND', 'RATE_LIMIT_VERIFY'] as const;

/** The engine's part of the configuration. */
export const factorsSection = defineSection<'factors', typeof variables, FactorsConfig>({
  name: 'factors',
  variables,
  secrets: [],
  refuse: (values, { production }) =>
    LIMITS.filter((name) => production && values[name] === 'off').map((variable) => ({
      variable,
      message: 'may not be off in production',
    })),
  read: (values) => ({
    enabled: values.FACTORS_ENABLED,
    modules: values.FACTOR_MODULES,
    retired: values.FACTORS_RETIRED,
    codeTtlMs: values.OTP_TTL,
    sendLimit: values.RATE_LIMIT_SEND,
    challengeTtlMs: values.TEMP_TOKEN_TTL,
    verifyLimit: values.RATE_LIMIT_VERIFY,
  }),
});
