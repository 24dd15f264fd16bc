import { z } from 'zod';
import { defineSection, type Environment } from './config/section.js';
import { duration, flag, list, whole } from './config/values.js';

/** Where Redis is, as the operator said it. */
export type RedisLocation =
  | { readonly url: string }
  | { readonly host: string; readonly port: number; readonly password: string | undefined };

/** What core needs to know: surroundings, database, ephemeral store, master key. */
export interface CoreConfig {
  readonly environment: Environment;
  readonly production: boolean;
  /** Absent where the embedded PostgreSQL is to be used. */
  readonly databaseUrl: string | undefined;
  readonly databasePoolMax: number;
  /** Named prepared statements; off behind poolers that cannot keep them. */
  readonly databasePrepared: boolean;
  /** Absent where the in-process store is to be used. */
  readonly redis: RedisLocation | undefined;
  /** Base64 keys of 32 bytes, newest first; absent where one is made under `dataDir`. */
  readonly masterKeys: readonly string[] | undefined;
  readonly dataDir: string;
  /** Milliseconds that an event is kept. */
  readonly eventRetentionMs: number;
}

const variables = {
  NODE_ENV: z.string().default('development').describe('development, test or production'),
  ALLOW_IN_PRODUCTION: z
    .string()
    .optional()
    .describe('of embedded-database, in-process-store, http-public-url; what production may do unsafely'),
  DATABASE_URL: z
    .string()
    .regex(/^postgres(ql)?:\/\//, 'expected postgres://user:password@host:port/database')
    .optional()
    .describe('PostgreSQL 14 or newer; an embedded one under DATA_DIR where absent'),
  DATABASE_POOL_MAX: whole(2, 1000).prefault('10').describe('connections of one process'),
  DATABASE_PREPARED: flag().prefault('true').describe('false behind poolers that cannot keep prepared statements'),
  REDIS_URL: z
    .string()
    .regex(/^rediss?:\/\//, 'expected redis:// or rediss://, several hosts separated by commas for Cluster')
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
};

function isMasterKey(text: string): boolean {
  return Buffer.from(text, 'base64').length === 32 && /^[A-Za-z0-9+/_-]{43}=?$/.test(text);
}

/** Core's part of the configuration. */
export const coreSection = defineSection<'core', typeof variables, CoreConfig>({
  name: 'core',
  variables,
  secrets: ['DATABASE_URL', 'REDIS_URL', 'REDIS_PASSWORD', 'MASTER_KEY'],
  refuse(values, { production, allowed }) {
    if (!production) return [];
    const faults = [];
    if (values.DATABASE_URL === undefined && !allowed.has('embedded-database')) {
      faults.push({
        variable: 'DATABASE_URL',
        message: 'is required in production (ALLOW_IN_PRODUCTION=embedded-database accepts the embedded one)',
      });
    }
    if (values.REDIS_URL === undefined && values.REDIS_HOST === undefined && !allowed.has('in-process-store')) {
      faults.push({
        variable: 'REDIS_URL',
        message: 'is required in production (ALLOW_IN_PRODUCTION=in-process-store accepts one instance without it)',
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
    return {
      environment,
      production,
      databaseUrl: values.DATABASE_URL,
      databasePoolMax: values.DATABASE_POOL_MAX,
      databasePrepared: values.DATABASE_PREPARED,
      redis: redisLocation(values.REDIS_URL, values.REDIS_HOST, values.REDIS_PORT, values.REDIS_PASSWORD),
      masterKeys: values.MASTER_KEY,
      dataDir: values.DATA_DIR,
      eventRetentionMs: values.EVENT_RETENTION,
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
