import { Redis } from 'ioredis';

const COUNT = `
local count = redis.call('INCR', KEYS[1])
if count == 1 then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
return count`;

/** A client whose `count(1, key, windowMs)` counts a limit, in one script. */
export function countingRedis() {
  const redis = new Redis(process.env.REDIS_URL);
  redis.defineCommand('count', { lua: COUNT });
  return redis;
}
