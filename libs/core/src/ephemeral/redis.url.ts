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
  /** The family of addresses that a name is looked up for, where the URL says so. */
  readonly family?: 4 | 6;
}

const DEFAULT_PORT = 6379;

const SHAPE = 'expected redis:// or rediss://, several hosts separated by commas for Cluster';

/** What is wrong with a `REDIS_URL`, without repeating any of it; `undefined` where nothing is. */
export function redisUrlFault(text: string): string | undefined {
  if (parseRedisUrl(text) !== undefined) return undefined;
  const query = text.split('?')[1] ?? '';
  for (const [name, value] of new URLSearchParams(query.split(/[,#]/)[0])) {
    if (isHarmless(name, value)) continue;
    if (/^(tls|ssl)$/i.test(name)) return 'has an option for TLS: write rediss:// for redis:// instead';
    if (/^ssl_|^tls_|^sslmode$|insecure|verify/i.test(name)) {
      return 'asks for TLS that verifies nothing, which is not supported: name the authority in NODE_EXTRA_CA_CERTS';
    }
    return 'has an option that is not supported: remove what stands behind the question mark';
  }
  return SHAPE;
}

/**
 * Reads a `REDIS_URL`: `redis://user:password@host:port/db`, `rediss://` for TLS, and for Redis Cluster several hosts
 * after commas, each as a whole URL or as `host:port`; credentials and TLS are the first one's. Commas in a password
 * are written `%2C`. `valkey://` and `valkeys://` are the same. Of the options that platforms add, `family` counts, and
 * those that change nothing are passed over.
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
  const url = /^(rediss?|valkeys?):\/\//.test(text) ? URL.parse(text) : null;
  if (url === null) return undefined;
  const db = /^\/?(\d{0,4})$/.exec(url.pathname)?.[1];
  const username = decoded(url.username);
  const password = decoded(url.password);
  if (url.hostname === '' || url.hash !== '') return undefined;
  if (![...url.searchParams].every(([name, value]) => isHarmless(name, value))) return undefined;
  const family = Number(url.searchParams.get('family') ?? '0');
  if (db === undefined || username === undefined || password === undefined) return undefined;
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  return {
    endpoints: [{ host, port: url.port === '' ? DEFAULT_PORT : Number(url.port) }],
    tls: /^(?:rediss|valkeys):$/.test(url.protocol),
    ...(username === '' ? {} : { username }),
    ...(password === '' ? {} : { password }),
    db: Number(db),
    ...(family === 4 || family === 6 ? { family } : {}),
  };
}

// What is written for other clients, and says what is so here anyway.
function isHarmless(name: string, value: string): boolean {
  if (name === 'family') return ['0', '4', '6'].includes(value);
  return name === 'ssl_cert_reqs' && value === 'required';
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
