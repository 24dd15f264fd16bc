import { type ArgumentsHost, HttpException, Logger, NotFoundException } from '@nestjs/common';
import { HashingBusy } from '@countersign/auth';
import { EphemeralStoreUnavailable, Problem, PROBLEMS, type ProblemCode } from '@countersign/core';
import Fastify, { type FastifyReply, type FastifyRequest } from 'fastify';
import { QueryFailedError } from 'typeorm';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ProblemFilter } from './problem.filter.js';
import { RouteTable } from './route-table.js';

const PUBLIC_URL = 'https://auth.example.com';

/** What a client gets when a route fails with something. */
async function answerTo(
  error: unknown,
): Promise<{ status: number; headers: Record<string, unknown>; body: unknown }> {
  const instance = Fastify();
  const filter = new ProblemFilter(RouteTable.of(instance), PUBLIC_URL);
  const hostOf = (request: FastifyRequest, reply: FastifyReply): ArgumentsHost =>
    ({
      switchToHttp: () => ({ getRequest: () => request, getResponse: () => reply }),
    }) as unknown as ArgumentsHost;
  instance.get('/it', (request, reply) => filter.catch(error, hostOf(request, reply)));
  const { statusCode, headers, body } = await instance.inject({ method: 'GET', url: '/it?a=b' });
  await instance.close();
  return { status: statusCode, headers, body: JSON.parse(body) as unknown };
}

describe('ProblemFilter', () => {
  let logged: string;
  beforeEach(() => {
    logged = '';
    const log = (message: unknown): void => void (logged += String(message));
    vi.spyOn(Logger.prototype, 'error').mockImplementation(log);
    vi.spyOn(Logger.prototype, 'warn').mockImplementation(log);
  });
  afterEach(() => vi.restoreAllMocks());

  it.each(Object.keys(PROBLEMS) as ProblemCode[])(
    'answers the problem %s by its status and page',
    async (code) => {
      const { status, headers, body } = await answerTo(new Problem(code));
      expect(status).toBe(PROBLEMS[code].status);
      expect(headers['content-type']).toMatch(/^application\/problem\+json/);
      expect(body).toMatchObject({
        type: `${PUBLIC_URL}/problems/${code}`,
        title: PROBLEMS[code].title,
        status,
        code,
        requestId: expect.any(String) as string,
      });
      expect('retry-after' in headers).toBe(status === 429 || status === 503);
      expect('www-authenticate' in headers).toBe(status === 401);
      expect(logged).toBe('');
    },
  );

  it('answers a reference to what another request removed as a conflict', async () => {
    const violation = new QueryFailedError('INSERT', [], Object.assign(new Error('gone'), { code: '23503' }));
    expect(await answerTo(violation)).toMatchObject({ status: 409, body: { code: 'conflict' } });
    expect(logged).toBe('');
  });

  it('tells details, fields, members and the time to wait', async () => {
    const errors = [{ path: 'a.b', message: 'is wrong' }];
    const { headers, body } = await answerTo(
      new Problem('rate_limited', { detail: 'Slowly.', errors, members: { reason: 'x' }, retryAfter: 42 }),
    );
    expect(headers['retry-after']).toBe('42');
    expect(body).toMatchObject({ detail: 'Slowly.', errors, reason: 'x' });
  });

  it.each<[string, unknown, ProblemCode]>([
    [
      'an absent ephemeral store',
      new EphemeralStoreUnavailable('redis://:secret@host is down'),
      'unavailable',
    ],
    [
      'a PostgreSQL that is not there',
      Object.assign(new Error('x'), { code: 'ECONNREFUSED' }),
      'unavailable',
    ],
    ['a full hashing queue', new HashingBusy(), 'unavailable'],
    ['a body that is too large', Object.assign(new Error('x'), { statusCode: 413 }), 'payload_too_large'],
    ['another content type', Object.assign(new Error('x'), { statusCode: 415 }), 'unsupported_media_type'],
    ['a request that never ended', Object.assign(new Error('x'), { statusCode: 408 }), 'unavailable'],
    ['any other refusal of the framework', new HttpException('inner details', 418), 'malformed_request'],
    ['a missing route of a path that is there', new NotFoundException('Cannot GET'), 'method_not_allowed'],
  ])('answers %s', async (_what, error, code) => {
    const { status, body } = await answerTo(error);
    expect(status).toBe(PROBLEMS[code].status);
    expect(body).toMatchObject({ code });
    expect(JSON.stringify(body)).not.toMatch(/secret|inner details|Cannot GET/);
  });

  it.each([new Error('SELECT secret FROM users'), 'secret', { secret: 1 }, undefined, null, 42])(
    'answers what nobody foresaw without a word about it, and logs it: %s',
    async (error) => {
      const { status, body } = await answerTo(error);
      expect(status).toBe(500);
      expect(body).toMatchObject({ type: 'about:blank', status: 500, code: 'internal_error' });
      expect(JSON.stringify(body)).not.toContain('secret');
      expect(logged).not.toBe('');
    },
  );
});
