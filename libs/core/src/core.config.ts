import { z } from 'zod';
import { defineSection, type Environment } from './config/section.js';
import { duration, flag, list, whole } from './config/values.js';
import { Secret } from './crypto/secret-text.js';
import { databaseUrlFault } from './database/database-url.js';
import { redisUrlFault } from './ephemeral/redis.url.js';
import { originFault } from './text/origin.js';
import { plainUrl } from './text/plain-url.js';

/** Where Redis is, as the operator said it. */
export type RedisLocation =
  | { readonly url: string }
  | { readonly host: string; readonly port: number; readonly password: string | undefined };

const ROLES = ['api', 'worker', 'all'] as const;

/** What a process does: serves requests, does the background work, or both. */
export type Role = (typeof ROLES)[number];

/** What core needs to know: surroundings, database, ephemeral store, master key. */
export interface CoreConfig {
  readonly environment: Environment;
  readonly production: boolean;
  readonly role: Role;
  readonly host: string;
  readonly port: number;
  /** Issuer of tokens and base of links; without a slash at its end. */
  readonly publicUrl: string;
  /** Browser origins that every application may be used from. */
  readonly corsOrigins: readonly string[];
  /** Absent where the embedded PostgreSQL is to be used. */
  readonly databaseUrl: string | undefined;
  readonly databasePoolMax: number;
  /** Named prepared statements; off behind poolers that cannot keep them. */
  readonly databasePrepared: boolean;
  /** Whether PostgreSQL ends what takes longer than a request may; not for imports and exports. */
  readonly databaseTimeLimits: boolean;
  /** Absent where the in-process store is to be used. */
  readonly redis: RedisLocation | undefined;
  /** Base64 keys of 32 bytes, newest first; absent where one is made under `dataDir`. */
  readonly masterKeys: readonly Secret[] | undefined;
  readonly dataDir: string;
  /** Milliseconds that an event is kept. */
  readonly eventRetentionMs: number;
  /** Milliseconds that a record of a message or of a webhook delivery is kept. */
  readonly deliveryRetentionMs: number;
}

const variables = {
  NODE_ENV: z.string().default('development').describe('development, test or production'),
  ALLOW_IN_PRODUCTION: z
    .string()
    .optional()
    .describe('of embedded-database, in-process-store, http-public-url; what production may do unsafely'),
  ROLE: z
    .enum(ROLES, { error: `expected ${ROLES.join(', ')}` })
    .default('all')
    .describe('api serves requests, worker does the background work, all does both'),
  HOST: z.string().optional().describe('address to listen on; 127.0.0.1, in production 0.0.0.0'),
  PORT: whole(0, 65_535).prefault('3000').describe('port to listen on'),
  PUBLIC_URL: publicUrl()
    .optional()
    .describe('issuer of tokens, base of links in mail; from HOST and PORT where absent'),
  CORS_ORIGINS: list()
    .superRefine((origins, context) => {
      const fault = origins.map(originFault).find((found) => found !== undefined);
      if (fault !== undefined) context.addIssue({ code: 'custom', message: fault });
    })
    .prefault('')
    .describe("allowed browser origins, added to each application's own"),
  DATABASE_URL: z
    .string()
    .superRefine((url, context) => {
      const fault = databaseUrlFault(url);
      if (fault !== undefined) context.addIssue({ code: 'custom', message: fault });
    })
    .optional()
    .describe('PostgreSQL 14 or newer; an embedded one under DATA_DIR where absent'),
  DATABASE_POOL_MAX: whole(2, 1000).prefault('10').describe('connections of one process'),
  DATABASE_PREPARED: flag()
    .prefault('true')
    .describe('false behind poolers that cannot keep prepared statements'),
  REDIS_URL: z
    .string()
    .superRefine((url, context) => {
      const fault = redisUrlFault(url);
      if (fault !== undefined) context.addIssue({ code: 'custom', message: fault });
    })
    .optional()
    .describe('Redis 6 or newer; an in-process store where absent, for one instance only'),
  REDIS_HOST: z.string().optional().describe('instead of REDIS_URL'),
  REDIS_PORT: whole(1, 65_535).prefault('6379').describe('counts where REDIS_HOST is set'),
  REDIS_PASSWORD: z.string().optional().describe('counts where REDIS_HOST is set'),
  MASTER_KEY: list()
    .refine(
      (keys) => keys.length > 0 && keys.every((key) => isMasterKey(key)),
      'expected 32 bytes in base64 (make one with: openssl rand -base64 32), several separated by commas while rotating',
    )
    .optional()
    .describe('seals every secret at rest; made once under DATA_DIR outside production'),
  DATA_DIR: z.string().default('.data').describe('embedded database and development key'),
  EVENT_RETENTION: duration().prefault('400d').describe('events older than this are dropped'),
  DELIVERY_RETENTION: duration()
    .prefault('30d')
    .describe('records of messages and webhook deliveries older than this are dropped'),
};

function isMasterKey(text: string): boolean {
  return Buffer.from(text, 'base64').length === 32 && /^[A-Za-z0-9+/_-]{43}=?$/.test(text);
}

// Kept as it was parsed: tokens and links name it, and are compared with what others have parsed.
function publicUrl(): z.ZodType<string, string> {
  return z.string().transform((text, context) => {
    const url = plainUrl(text);
    if (url !== undefined && isPublicUrl(url)) return url.href.replace(/\/+$/, '');
    context.addIssue({
      code: 'custom',
      message: 'expected https://host or http://host, without user name, query or fragment',
    });
    return z.NEVER;
  });
}

function isPublicUrl({ protocol, href, username, password }: URL): boolean {
  return /^https?:$/.test(protocol) && !/[?#]/.test(href) && username === '' && password === '';
}

// The address that a browser on this machine would use for a listener.
function reachable(host: string): string {
  if (host === '0.0.0.0' || host === '::') return 'localhost';
  return host.includes(':') ? `[${host}]` : host;
}

/** Core's part of the configuration. */
export const coreSection = defineSection<'core', typeof variables, CoreConfig>({
  name: 'core',
  variables,
  secrets: ['DATABASE_URL', 'REDIS_URL', 'REDIS_PASSWORD', 'MASTER_KEY'],
  refuse(values, { production, allowed }) {
    if (!production) return [];
    const faults = [];
    if (!allowed.has('http-public-url') && !(values.PUBLIC_URL ?? '').startsWith('https://')) {
      faults.push({
        variable: 'PUBLIC_URL',
        message:
          'must be an https:// address in production (ALLOW_IN_PRODUCTION=http-public-url accepts http)',
      });
    }
    if (values.DATABASE_URL === undefined && !allowed.has('embedded-database')) {
      faults.push({
        variable: 'DATABASE_URL',
        message: 'is required in production (ALLOW_IN_PRODUCTION=embedded-database accepts the embedded one)',
      });
    }
    if (
      values.REDIS_URL === undefined &&
      values.REDIS_HOST === undefined &&
      !allowed.has('in-process-store')
    ) {
      faults.push({
        variable: 'REDIS_URL',
        message:
          'is required in production (ALLOW_IN_PRODUCTION=in-process-store accepts one instance without it)',
      });
    }
    if (values.MASTER_KEY === undefined) {
      faults.push({
        variable: 'MASTER_KEY',
        message: 'is required in production: 32 bytes in base64 (make one with: openssl rand -base64 32)',
      });
    }
    return faults;
  },
  read(values, { environment, production }) {
    const host = values.HOST ?? (production ? '0.0.0.0' : '127.0.0.1');
    return {
      environment,
      production,
      role: values.ROLE,
      host,
      port: values.PORT,
      publicUrl: values.PUBLIC_URL ?? `http://${reachable(host)}:${values.PORT}`,
      corsOrigins: values.CORS_ORIGINS,
      databaseUrl: values.DATABASE_URL,
      databasePoolMax: values.DATABASE_POOL_MAX,
      databasePrepared: values.DATABASE_PREPARED,
      databaseTimeLimits: true,
      redis: redisLocation(values.REDIS_URL, values.REDIS_HOST, values.REDIS_PORT, values.REDIS_PASSWORD),
      masterKeys: values.MASTER_KEY?.map((key) => new Secret(key)),
      dataDir: values.DATA_DIR,
      eventRetentionMs: values.EVENT_RETENTION,
      deliveryRetentionMs: values.DELIVERY_RETENTION,
    };
  },
});

function redisLocation(
  url: string | undefined,
  host: string | undefined,
  port: number,
  password: string | undefined,
): RedisLocation | undefined {
  if (url !== undefined) return { url };
  return host === undefined ? undefined : { host, port, password };
}
