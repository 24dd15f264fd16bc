import { Logger } from '@nestjs/common';
import type { Clock } from '../clock/clock.js';
import type { CoreConfig } from '../core.config.js';
import type { EphemeralStore } from './ephemeral-store.js';
import { InProcessEphemeralStore } from './in-process.store.js';
import { connectRedis, evictionPolicy, untilReady } from './redis.connection.js';
import { RedisEphemeralStore } from './redis.store.js';

const READY_WITHIN_MS = 1_000;

/** Raised at start where Redis is set up to drop keys before their time. */
export class EvictingRedis extends Error {
  override readonly name = 'EvictingRedis';

  constructor(policy: string) {
    super(
      `REDIS_URL: this Redis drops keys when its memory is full (maxmemory-policy ${policy}). Set it to noeviction.`,
    );
  }
}

/**
 * Opens the store that the configuration names. A Redis that is down at this moment does not stop the start.
 *
 * @throws EvictingRedis in production
 */
export async function openEphemeralStore(config: CoreConfig, clock: Clock): Promise<EphemeralStore> {
  if (config.redis === undefined) return new InProcessEphemeralStore(clock);
  const logger = new Logger('Redis');
  const client = connectRedis('url' in config.redis ? config.redis.url : config.redis, (message) =>
    logger.warn(message),
  );
  const policy = (await untilReady(client, READY_WITHIN_MS)) ? await evictionPolicy(client) : undefined;
  if (policy !== undefined && policy !== 'noeviction') {
    if (config.production) {
      client.disconnect();
      throw new EvictingRedis(policy);
    }
    logger.warn(`maxmemory-policy is ${policy}; production demands noeviction`);
  }
  return new RedisEphemeralStore(client, clock);
}
