import { defineSection, type RateLimit, rateLimit } from '@countersign/core';

/** What API keys need to know. */
export interface ApiKeysConfig {
  /** The limit of a key that has none of its own. */
  readonly limit: RateLimit | 'off';
}

const variables = {
  RATE_LIMIT_API_KEY: rateLimit()
    .prefault('600/1m')
    .describe('requests of an API key without a limit of its own'),
};

/** The API keys' part of the configuration. */
export const apiKeysSection = defineSection<'api-keys', typeof variables, ApiKeysConfig>({
  name: 'api-keys',
  variables,
  secrets: [],
  refuse: (values, { production }) =>
    production && values.RATE_LIMIT_API_KEY === 'off'
      ? [{ variable: 'RATE_LIMIT_API_KEY', message: 'may not be off in production' }]
      : [],
  read: (values) => ({ limit: values.RATE_LIMIT_API_KEY }),
});
