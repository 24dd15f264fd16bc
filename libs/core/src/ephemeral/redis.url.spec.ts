import { describe, expect, it } from 'vitest';

import { parseRedisUrl } from './redis.url.js';

describe('parseRedisUrl', () => {
  it('reads a host, with the usual port and database where none is named', () => {
    expect(parseRedisUrl('redis://cache')).toEqual({
      endpoints: [{ host: 'cache', port: 6379 }],
      tls: false,
      db: 0,
    });
    expect(parseRedisUrl('redis://cache:7000/3')).toMatchObject({ endpoints: [{ port: 7000 }], db: 3 });
    expect(parseRedisUrl('redis://[::1]:7000/')).toMatchObject({ endpoints: [{ host: '::1', port: 7000 }] });
  });

  it('reads TLS and percent-encoded credentials', () => {
    expect(parseRedisUrl('rediss://user:p%40ss%2Cword@cache:7000')).toEqual({
      endpoints: [{ host: 'cache', port: 7000 }],
      tls: true,
      username: 'user',
      password: 'p@ss,word',
      db: 0,
    });
    expect(parseRedisUrl('redis://:secret@cache')).not.toHaveProperty('username');
  });

  it('reads several hosts as a cluster, short or as whole URLs', () => {
    const endpoints = [
      { host: 'a', port: 1 },
      { host: 'b', port: 2 },
      { host: 'c', port: 6379 },
    ];
    expect(parseRedisUrl('rediss://:s@a:1, b:2,c')).toEqual({ endpoints, tls: true, password: 's', db: 0 });
    expect(parseRedisUrl('redis://:s@a:1,redis://:s@b:2,redis://c')).toMatchObject({ endpoints, tls: false });
  });

  it.each([
    ['', 'nothing'],
    ['cache:6379', 'no scheme'],
    ['http://cache', 'another scheme'],
    ['redis://', 'no host'],
    ['redis://cache:port', 'no number for a port'],
    ['redis://cache/name', 'no number for a database'],
    ['redis://cache?family=6', 'options'],
    ['redis://:%zz@cache', 'broken percent-encoding'],
    ['redis://a,', 'an empty host'],
    ['redis://a/1,b', 'a cluster with a database'],
    ['redis://a,b/1', 'a cluster with a database on a later host'],
    ['redis://a,rediss://b', 'mixed TLS'],
  ])('refuses %j: %s', (url) => {
    expect(parseRedisUrl(url)).toBeUndefined();
  });
});
