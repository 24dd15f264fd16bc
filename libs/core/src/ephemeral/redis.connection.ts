import { Cluster, Redis } from 'ioredis';

import { parseRedisUrl, type RedisAddress } from './redis.url.js';

/** `REDIS_HOST`, `REDIS_PORT` and `REDIS_PASSWORD`. */
export interface RedisParts {
  readonly host: string;
  readonly port: number;
  readonly password?: string | undefined;
}

/**
 * How long one command waits. Silence for as long also drops the connection, so that the request's next command
 * fails at once: a hung Redis costs a request at most one second in all (security.md, faults to survive).
 */
const PATIENCE_MS = 800;
/** A cluster client asks a lost node once more, through its neighbours: two waits must fit into the second. */
const CLUSTER_PATIENCE_MS = 450;
const CONNECT_TIMEOUT_MS = 1000;
const SLOWEST_RETRY_MS = 2000;

/**
 * Opens a client that never queues, never retries a command that Redis may have executed already (a claim would
 * count twice, a give-back refill), and reconnects for ever. It starts connecting at once and does not throw where
 * the server is away; until it is there every command rejects at once.
 * @param target a `REDIS_URL` (see `parseRedisUrl`) or its parts
 * @param log told once per outage, without credentials
 * @throws {TypeError} where the URL is none of ours
 */
export function connectRedis(target: string | RedisParts, log: (message: string) => void): Redis | Cluster {
  const address = typeof target === 'string' ? parseRedisUrl(target) : addressOf(target);
  if (address === undefined) throw new TypeError('Not a Redis URL: expected redis:// or rediss://');
  const outage = new OutageLog(log);
  const client = address.endpoints.length > 1 ? openCluster(address, outage) : openRedis(address);
  client.on('error', (error: Error) => outage.began(error));
  client.on('ready', () => outage.ended());
  return client;
}

/**
 * Waits until the client can be used: a cluster when every primary can.
 * @returns false where that took longer than `withinMs` milliseconds or the client was closed
 */
export async function untilReady(client: Redis | Cluster, withinMs: number): Promise<boolean> {
  const signal = AbortSignal.timeout(withinMs);
  if (!(await isReady(client, signal))) return false;
  if (!(client instanceof Cluster)) return true;
  const nodes = await Promise.all(client.nodes('master').map((node) => isReady(node, signal)));
  return nodes.every((ready) => ready);
}

async function isReady(client: Redis | Cluster, signal: AbortSignal): Promise<boolean> {
  if (client.status === 'ready') return true;
  if (client.status === 'end' || signal.aborted) return false;
  return new Promise((resolve) => {
    const settle = (ready: boolean) => (): void => {
      signal.removeEventListener('abort', onEnd);
      client.off('ready', onReady);
      client.off('end', onEnd);
      resolve(ready);
    };
    const onReady = settle(true);
    const onEnd = settle(false);
    signal.addEventListener('abort', onEnd);
    client.once('ready', onReady);
    client.once('end', onEnd);
  });
}

/**
 * What Redis does when its memory is full, from `INFO memory`. Waits for a client that is still connecting.
 * @param withinMs how long it waits, in milliseconds
 * @returns the `maxmemory_policy`; of a cluster the first that may drop keys, else `noeviction`; `undefined` where
 * nobody says in time
 */
export async function evictionPolicy(client: Redis | Cluster, withinMs = 1000): Promise<string | undefined> {
  if (!(await untilReady(client, withinMs))) return undefined;
  const nodes = client instanceof Cluster ? client.nodes('master') : [client];
  const policies = await Promise.all(nodes.map(policyOf));
  return policies.find((policy) => policy !== 'noeviction' && policy !== undefined) ?? policies[0];
}

async function policyOf(node: Redis): Promise<string | undefined> {
  try {
    return /^maxmemory_policy:(\S+)/m.exec(await node.info('memory'))?.[1];
  } catch {
    return undefined;
  }
}

function addressOf({ host, port, password }: RedisParts): RedisAddress {
  const base = { endpoints: [{ host, port }] as const, tls: false, db: 0 };
  return password === undefined || password === '' ? base : { ...base, password };
}

/** What a lone Redis and each node of a cluster have in common. */
function commonOptions({ tls, username, password, family }: RedisAddress, patienceMs: number) {
  return {
    ...(family === undefined ? {} : { family }),
    ...(tls ? { tls: {} } : {}),
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    connectionName: 'countersign',
    connectTimeout: CONNECT_TIMEOUT_MS,
    commandTimeout: patienceMs,
    socketTimeout: patienceMs,
    disconnectTimeout: 200,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    // After a failover the old primary goes on as a replica: drop it and ask the name for the new one.
    reconnectOnError: (error: Error) => error.message.includes('READONLY'),
  };
}

function openRedis(address: RedisAddress): Redis {
  return new Redis({
    ...commonOptions(address, PATIENCE_MS),
    ...address.endpoints[0],
    db: address.db,
    enableOfflineQueue: false,
    retryStrategy: backoff,
  });
}

function openCluster(address: RedisAddress, outage: OutageLog): Cluster {
  const cluster = new Cluster([...address.endpoints], {
    redisOptions: commonOptions(address, CLUSTER_PATIENCE_MS),
    enableOfflineQueue: false,
    slotsRefreshTimeout: CLUSTER_PATIENCE_MS,
    slotsRefreshInterval: 5000,
    // Zero turns off the repetition of commands whose connection broke, which may have been executed.
    retryDelayOnFailover: 0,
    clusterRetryStrategy: (times, reason) => {
      outage.began(reason ?? new Error('no node of the cluster answers'));
      return backoff(times);
    },
    // Certificates name hosts, not the addresses that these resolve to.
    ...(address.tls ? { dnsLookup: (host, done) => done(null, host) } : {}),
  });
  // Nodes connect at their first command, and whatever comes while they do is refused: have them ready before. Not
  // before the cluster is: its own readiness check would be refused too.
  const warm = (node: Redis): void => {
    if (cluster.status === 'ready' && node.status === 'wait') node.connect().catch(() => undefined);
  };
  cluster.on('ready', () => cluster.nodes('master').forEach(warm));
  cluster.on('+node', warm);
  return cluster;
}

/** Milliseconds before the next try to connect: doubling from 50, at most 2 s. */
function backoff(times: number): number {
  return Math.min(SLOWEST_RETRY_MS, 50 * 2 ** Math.min(times - 1, 10));
}

/** Tells of an outage once, however often reconnecting fails. */
class OutageLog {
  private out = false;

  constructor(private readonly log: (message: string) => void) {}

  began(error: Error & { readonly code?: string }): void {
    if (this.out) return;
    this.out = true;
    // The error of a name with several addresses has a code and no message.
    this.log(`Redis is unavailable, reconnecting: ${error.message || error.code || error.name}`);
  }

  ended(): void {
    this.out = false;
  }
}
