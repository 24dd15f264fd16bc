import {
  type ConfigFault,
  defineSection,
  duration,
  flag,
  plainUrl,
  type RateLimit,
  rateLimit,
  Secret,
  whole,
} from '@countersign/core';
import { canonicalEmail } from '@countersign/directory';
import { readMailAddress } from '@countersign/factor-kit';
import { availableParallelism } from 'node:os';
import { z } from 'zod';
import { checkPassword } from './passwords/password-rules.js';

/** What accounts and sessions need to know. Times in milliseconds. */
export interface AuthConfig {
  readonly accessTokenTtlMs: number;
  readonly refreshTokenTtlMs: number;
  /** When a session ends in any case. */
  readonly sessionMaxAgeMs: number;
  /** How fresh a proof must be for sensitive changes. */
  readonly stepUpMaxAgeMs: number;
  /** Whether administrators' changes need a fresh second factor. */
  readonly adminRequiresSecondFactor: boolean;
  readonly passwordFailures: RateLimit | 'off';
  /** Mails with links per account. */
  readonly mailLimit: RateLimit | 'off';
  /** How long an account waits to be verified before it is erased (api.md, "Whose address"). */
  readonly unverifiedRetentionMs: number | 'off';
  /** A range service of breached passwords, without a slash at its end. */
  readonly breachedPasswordsUrl: string | undefined;
  readonly argon2: {
    readonly memoryKib: number;
    readonly timeCost: number;
    readonly parallelism: number;
    readonly concurrency: number;
  };
  /** The first administrator, where the operator names one. */
  readonly bootstrapAdmin: { readonly email: string | undefined; readonly password: Secret | undefined };
}

const variables = {
  ACCESS_TOKEN_TTL: duration().prefault('15m').describe('lifetime of an access token'),
  REFRESH_TOKEN_TTL: duration().prefault('7d').describe('how long a session lasts without being refreshed'),
  SESSION_MAX_AGE: duration().prefault('30d').describe('when a session ends in any case'),
  STEP_UP_MAX_AGE: duration().prefault('10m').describe('how fresh a proof must be for sensitive changes'),
  ADMIN_REQUIRE_SECOND_FACTOR: flag()
    .optional()
    .describe("whether administrators' changes need a fresh second factor; true in production"),
  RATE_LIMIT_PASSWORD_FAILURES: rateLimit().prefault('50/15m').describe('wrong passwords per account'),
  RATE_LIMIT_MAIL: rateLimit().prefault('3/1h').describe('mails with links per account'),
  UNVERIFIED_RETENTION: z
    .union([z.literal('off'), duration()], { error: 'expected a duration such as 30d, or off' })
    .prefault('30d')
    .describe(
      'accounts are erased whose address nobody verified so long after the last link was mailed; or off',
    ),
  BREACHED_PASSWORDS_URL: z
    .string()
    .refine((text) => /^https?:$/.test(plainUrl(text)?.protocol ?? ''), 'expected an https:// or http:// URL')
    .optional()
    .describe('range service that new passwords are held against: https://api.pwnedpasswords.com/range'),
  ARGON2_MEMORY_KIB: whole(19_456, 4_194_304).prefault('19456').describe('memory of one password hash'),
  ARGON2_TIME_COST: whole(2, 100).prefault('2').describe('passes of one password hash'),
  ARGON2_PARALLELISM: whole(1, 64).prefault('1').describe('lanes of one password hash'),
  ARGON2_CONCURRENCY: whole(1, 256)
    .optional()
    .describe('password hashes at once; as many as there are cores'),
  BOOTSTRAP_ADMIN_EMAIL: z
    .string()
    .refine((text) => readMailAddress(text, { localHosts: true }).readable, 'expected an e-mail address')
    .optional()
    .describe('first administrator, made when the database has none; admin@localhost outside production'),
  BOOTSTRAP_ADMIN_PASSWORD: z
    .string()
    .optional()
    .describe('password of the first administrator; random and printed outside production'),
};

const LIMITS = ['RATE_LIMIT_PASSWORD_FAILURES', 'RATE_LIMIT_MAIL'] as const;

function secretOf(text: string | undefined): Secret | undefined {
  return text === undefined ? undefined : new Secret(text);
}

// A first password that nobody could log in with is refused everywhere, one that anybody could guess in production.
function bootstrapFaults(
  email: string | undefined,
  password: string | undefined,
  production: boolean,
): ConfigFault[] {
  if (password === undefined) return [];
  const ruling = checkPassword(password, { email: email ?? '' });
  if (ruling.accepted || (!production && !ruling.tooLong)) return [];
  return ruling.reasons.map(({ message }) => ({ variable: 'BOOTSTRAP_ADMIN_PASSWORD', message }));
}

/** Auth's part of the configuration. */
export const authSection = defineSection<'auth', typeof variables, AuthConfig>({
  name: 'auth',
  variables,
  secrets: ['BOOTSTRAP_ADMIN_PASSWORD'],
  refuse: (values, { production }) => [
    ...LIMITS.filter((variable) => production && values[variable] === 'off').map((variable) => ({
      variable,
      message: 'may not be off in production',
    })),
    ...bootstrapFaults(values.BOOTSTRAP_ADMIN_EMAIL, values.BOOTSTRAP_ADMIN_PASSWORD, production),
  ],
  read: (values, { production }) => ({
    accessTokenTtlMs: values.ACCESS_TOKEN_TTL,
    refreshTokenTtlMs: values.REFRESH_TOKEN_TTL,
    sessionMaxAgeMs: values.SESSION_MAX_AGE,
    stepUpMaxAgeMs: values.STEP_UP_MAX_AGE,
    adminRequiresSecondFactor: values.ADMIN_REQUIRE_SECOND_FACTOR ?? production,
    passwordFailures: values.RATE_LIMIT_PASSWORD_FAILURES,
    mailLimit: values.RATE_LIMIT_MAIL,
    unverifiedRetentionMs: values.UNVERIFIED_RETENTION,
    breachedPasswordsUrl: values.BREACHED_PASSWORDS_URL?.replace(/\/+$/, ''),
    argon2: {
      memoryKib: values.ARGON2_MEMORY_KIB,
      timeCost: values.ARGON2_TIME_COST,
      parallelism: values.ARGON2_PARALLELISM,
      concurrency: values.ARGON2_CONCURRENCY ?? availableParallelism(),
    },
    bootstrapAdmin: {
      email: values.BOOTSTRAP_ADMIN_EMAIL && canonicalEmail(values.BOOTSTRAP_ADMIN_EMAIL),
      password: secretOf(values.BOOTSTRAP_ADMIN_PASSWORD),
    },
  }),
});
