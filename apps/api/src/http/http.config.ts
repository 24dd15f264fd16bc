import { defineSection, type RateLimit, rateLimit } from '@countersign/core';
import { isIP } from 'node:net';
import { z } from 'zod';

/** What Fastify's `trustProxy` takes: nobody, so many hops, or these networks. */
export type TrustedProxies = false | number | string[];

/** What the HTTP floor needs to know. */
export interface HttpConfig {
  readonly trustProxy: TrustedProxies;
  readonly limits: Readonly<Record<'login' | 'loginAddress' | 'register' | 'default', RateLimit | 'off'>>;
  readonly logLevel: LogLevel;
}

const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const;

/** How much is logged. */
export type LogLevel = (typeof LOG_LEVELS)[number];

const EXPECTED_PROXIES =
  'expected false, a number of hops, or CIDRs; of all addresses (/0) there is none, since visitors could choose theirs';

const variables = {
  TRUST_PROXY: z
    .string()
    .transform((text, context) => {
      const proxies = trustedProxies(text);
      if (proxies !== undefined) return proxies;
      context.addIssue({ code: 'custom', message: EXPECTED_PROXIES });
      return z.NEVER;
    })
    .prefault('false')
    .describe('false, a number of hops, or CIDRs of the proxies in front'),
  RATE_LIMIT_LOGIN: rateLimit().prefault('5/15m').describe('logins per address and account'),
  RATE_LIMIT_LOGIN_ADDRESS: rateLimit().prefault('50/15m').describe('logins per address'),
  RATE_LIMIT_REGISTER: rateLimit().prefault('5/15m').describe('registrations per address'),
  RATE_LIMIT_DEFAULT: rateLimit().prefault('100/15m').describe('everything else per session or address'),
  LOG_LEVEL: z.enum(LOG_LEVELS).default('info').describe(LOG_LEVELS.join(', ')),
};

const LIMITS = [
  'RATE_LIMIT_LOGIN',
  'RATE_LIMIT_LOGIN_ADDRESS',
  'RATE_LIMIT_REGISTER',
  'RATE_LIMIT_DEFAULT',
] as const;

/** The HTTP floor's part of the configuration. */
export const httpSection = defineSection<'http', typeof variables, HttpConfig>({
  name: 'http',
  variables,
  secrets: [],
  refuse: (values, { production }) =>
    LIMITS.filter((name) => production && values[name] === 'off').map((variable) => ({
      variable,
      message: 'may not be off in production',
    })),
  read: (values) => ({
    trustProxy: values.TRUST_PROXY,
    limits: {
      login: values.RATE_LIMIT_LOGIN,
      loginAddress: values.RATE_LIMIT_LOGIN_ADDRESS,
      register: values.RATE_LIMIT_REGISTER,
      default: values.RATE_LIMIT_DEFAULT,
    },
    logLevel: values.LOG_LEVEL,
  }),
});

function trustedProxies(text: string): TrustedProxies | undefined {
  if (text === 'false') return false;
  if (/^\d{1,2}$/.test(text)) return Number(text) === 0 ? false : Number(text);
  const networks = text.split(',').map((item) => item.trim());
  return networks.every(isNetwork) ? networks : undefined;
}

function isNetwork(text: string): boolean {
  const [address = '', bits, ...more] = text.split('/');
  const version = isIP(address);
  if (version === 0 || more.length > 0) return false;
  return bits === undefined || (/^[1-9]\d{0,2}$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128));
}
