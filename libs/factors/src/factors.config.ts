import { defineSection, duration, list, type RateLimit, rateLimit } from '@countersign/core';

/** What the engine needs to know. */
export interface FactorsConfig {
  /** Factor types that are offered; `undefined` offers every type that has a provider. */
  readonly enabled: readonly string[] | undefined;
  /** How long a challenge, and the temp token that opens it, lives. */
  readonly challengeTtlMs: number;
  /** The budget of answers per user, whatever the challenge. */
  readonly verifyLimit: RateLimit | 'off';
}

const variables = {
  FACTORS_ENABLED: list()
    .optional()
    .describe('factor types that are offered; all that can work where absent'),
  TEMP_TOKEN_TTL: duration().prefault('5m').describe('lifetime of a challenge and its temp token'),
  RATE_LIMIT_VERIFY: rateLimit().prefault('10/15m').describe('answers per user, accepted ones too'),
};

/** The engine's part of the configuration. */
export const factorsSection = defineSection<'factors', typeof variables, FactorsConfig>({
  name: 'factors',
  variables,
  secrets: [],
  refuse: (values, { production }) =>
    production && values.RATE_LIMIT_VERIFY === 'off'
      ? [{ variable: 'RATE_LIMIT_VERIFY', message: 'may not be off in production' }]
      : [],
  read: (values) => ({
    enabled: values.FACTORS_ENABLED,
    challengeTtlMs: values.TEMP_TOKEN_TTL,
    verifyLimit: values.RATE_LIMIT_VERIFY,
  }),
});
