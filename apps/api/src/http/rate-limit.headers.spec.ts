import type { FastifyReply } from 'fastify';
import { describe, expect, it } from 'vitest';
import { tellRateLimit } from './rate-limit.headers.js';

const told = (windowMs: number, resetMs: number): Record<string, string> => {
  const headers: Record<string, string> = {};
  const reply = {
    header: (name: string, value: string) => {
      headers[name] = value;
      return reply;
    },
  };
  tellRateLimit(reply as unknown as FastifyReply, 'login', { limit: 5, windowMs }, { remaining: 4, resetMs });
  return headers;
};

describe('tellRateLimit', () => {
  it('names the policy, what is left and when it is full again, in whole seconds', () => {
    expect(told(900_000, 900_000)).toEqual({
      'RateLimit-Policy': '"login";q=5;w=900',
      RateLimit: '"login";r=4;t=900',
    });
  });

  it('rounds the wait up, so that nobody comes back too early', () => {
    expect(told(900_000, 1)).toMatchObject({ RateLimit: '"login";r=4;t=1' });
    expect(told(900_000, 599_001)).toMatchObject({ RateLimit: '"login";r=4;t=600' });
  });

  it('says zero where no window is open', () => {
    expect(told(900_000, 0)).toMatchObject({ RateLimit: '"login";r=4;t=0' });
  });
});
