/** Where one Redis, or one node of a cluster, listens. */
export interface RedisEndpoint {
  readonly host: string;
  readonly port: number;
}

/** What a client needs to reach Redis. More than one endpoint means Redis Cluster. */
export interface RedisAddress {
  readonly endpoints: readonly [RedisEndpoint, ...RedisEndpoint[]];
  readonly tls: boolean;
  readonly username?: string;
  readonly password?: string;
  /** The database's number; a cluster has only 0. */
  readonly db: number;
}

const DEFAULT_PORT = 6379;

/**
 * Reads a `REDIS_URL`: `redis://user:password@host:port/db`, `rediss://` for TLS, and for Redis Cluster several hosts
 * after commas, each as a whole URL or as `host:port`; credentials and TLS are the first one's. Commas in a password
 * are written `%2C`.
 * @returns `undefined` where the text is anything else
 */
export function parseRedisUrl(text: string): RedisAddress | undefined {
  const [head = '', ...tail] = text.split(',').map((part) => part.trim());
  const first = parseOne(head);
  if (first === undefined) return undefined;
  const more: RedisEndpoint[] = [];
  for (const part of tail) {
    const next = parseOne(part.includes('://') ? part : `redis${first.tls ? 's' : ''}://${part}`);
    if (next === undefined || next.tls !== first.tls || next.db !== 0) return undefined;
    more.push(next.endpoints[0]);
  }
  if (more.length > 0 && first.db !== 0) return undefined;
  return { ...first, endpoints: [first.endpoints[0], ...more] };
}

function parseOne(text: string): RedisAddress | undefined {
  if (!/^rediss?:\/\//.test(text) || !URL.canParse(text)) return undefined;
  const url = new URL(text);
  const db = /^\/?(\d{0,4})$/.exec(url.pathname)?.[1];
  const username = decoded(url.username);
  const password = decoded(url.password);
  if (url.hostname === '' || url.search !== '' || url.hash !== '') return undefined;
  if (db === undefined || username === undefined || password === undefined) return undefined;
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  return {
    endpoints: [{ host, port: url.port === '' ? DEFAULT_PORT : Number(url.port) }],
    tls: url.protocol === 'rediss:',
    ...(username === '' ? {} : { username }),
    ...(password === '' ? {} : { password }),
    db: Number(db),
  };
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
