import { describe, expect, it } from 'vitest';

import { parseRedisUrl, redisUrlFault } from './redis.url.js';

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
    ['redis://cache?tls=true', 'an option for TLS'],
    ['rediss://cache?ssl_cert_reqs=none', 'TLS that verifies nothing'],
    ['redis://cache?family=5', 'a family that does not exist'],
    ['redis://cache?x=y', 'an unknown option'],
    ['redis://:%zz@cache', 'broken percent-encoding'],
    ['redis://a,', 'an empty host'],
    ['redis://a/1,b', 'a cluster with a database'],
    ['redis://a,b/1', 'a cluster with a database on a later host'],
    ['redis://a,rediss://b', 'mixed TLS'],
  ])('refuses %j: %s', (url) => {
    expect(parseRedisUrl(url)).toBeUndefined();
  });

  it('reads what platforms write: the family of addresses, options that change nothing, the name of a fork', () => {
    expect(parseRedisUrl('redis://cache:7000?family=6')).toMatchObject({ family: 6 });
    expect(parseRedisUrl('redis://cache?family=0')).not.toHaveProperty('family');
    expect(parseRedisUrl('rediss://cache?ssl_cert_reqs=required')).toMatchObject({ tls: true });
    expect(parseRedisUrl('valkey://cache')).toMatchObject({ tls: false });
    expect(parseRedisUrl('valkeys://cache')).toMatchObject({ tls: true });
  });
});

describe('redisUrlFault', () => {
  it.each([
    ['redis://:word@cache?tls=true', 'rediss://'],
    ['rediss://:word@cache?ssl_cert_reqs=none', 'NODE_EXTRA_CA_CERTS'],
    ['redis://:word@cache?family=0&x=word', 'question mark'],
    ['http://cache', 'expected redis://'],
  ])('says of %s what to do, and repeats none of it', (url, remedy) => {
    expect(redisUrlFault(url)).toContain(remedy);
    expect(redisUrlFault(url)).not.toContain('word');
  });
});
