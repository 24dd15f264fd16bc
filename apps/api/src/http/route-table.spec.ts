import Fastify from 'fastify';
import { describe, expect, it } from 'vitest';
import { RouteTable } from './route-table.js';

async function table(...routes: readonly [method: string | string[], url: string][]): Promise<RouteTable> {
  const instance = Fastify();
  const known = RouteTable.of(instance);
  for (const [method, url] of routes) instance.route({ method, url, handler: async () => 'ok' });
  await instance.ready();
  return known;
}

describe('RouteTable', () => {
  it('knows the methods of a path, HEAD beside GET, in order and once', async () => {
    const known = await table(['POST', '/a'], ['GET', '/a'], [['PUT', 'POST'], '/b']);
    expect(known.methodsOf('/a')).toEqual(['GET', 'HEAD', 'POST']);
    expect(known.methodsOf('/b')).toEqual(['POST', 'PUT']);
  });

  it('knows no methods of a path that is not there', async () => {
    const known = await table(['GET', '/a']);
    for (const path of ['', '/', '/a/', '/a/b', '/A', '/ab']) expect(known.methodsOf(path), path).toEqual([]);
  });

  it('takes one part of the path for a parameter, and an empty one for none', async () => {
    const known = await table(['DELETE', '/a/:id'], ['PATCH', '/a/:id/b/:other']);
    expect(known.methodsOf('/a/1')).toEqual(['DELETE']);
    expect(known.methodsOf('/a/1/b/2')).toEqual(['PATCH']);
    for (const path of ['/a/', '/a/1/', '/a/1/b', '/a//b/2']) expect(known.methodsOf(path), path).toEqual([]);
  });

  it('joins the methods of all routes that a path fits', async () => {
    const known = await table(['GET', '/a/:id'], ['DELETE', '/a/all']);
    expect(known.methodsOf('/a/all')).toEqual(['DELETE', 'GET', 'HEAD']);
  });

  it('reads a route as it stands, not as a pattern', async () => {
    const known = await table(['GET', '/.well-known/jwks.json']);
    expect(known.methodsOf('/.well-known/jwks.json')).toEqual(['GET', 'HEAD']);
    expect(known.methodsOf('/xwell-known/jwksxjson')).toEqual([]);
  });

  it('does not take a catch-all for a path', async () => {
    const known = await table(['GET', '/docs/*']);
    expect(known.methodsOf('/docs/x')).toEqual([]);
  });
});
