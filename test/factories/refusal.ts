import { expect } from 'vitest';
import { PROBLEMS, type ProblemCode } from '@countersign/core';
import type { Answer } from './client.js';

/** Headers that every answer carries (api.md, "Operations"), for an http `PUBLIC_URL`. */
export function expectProtected({ headers }: Pick<Answer, 'headers'>): void {
  expect(headers.get('x-content-type-options')).toBe('nosniff');
  expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
  expect(headers.get('referrer-policy')).toBe('no-referrer');
  expect(headers.get('x-request-id')).toMatch(/^[A-Za-z0-9._-]{1,64}$/);
}

/**
 * Holds an answer to the form of every refusal (RFC 9457 and api.md, "Conventions").
 * @param codes the codes that are expected; any of a 4xx where none is given
 */
export function expectRefusal(answer: Answer, ...codes: readonly ProblemCode[]): void {
  const { status, headers, body } = answer;
  expect(status, JSON.stringify(body)).toBeGreaterThanOrEqual(400);
  expect(status, JSON.stringify(body)).toBeLessThan(500);
  expect(headers.get('content-type')).toMatch(/^application\/problem\+json/);
  const { code } = body as { code: ProblemCode };
  if (codes.length > 0) expect(codes).toContain(code);
  expect(body).toMatchObject({
    type: expect.stringMatching(new RegExp(`^https?://.+/problems/${code}$`)),
    title: expect.stringMatching(/\S/),
    status,
    requestId: headers.get('x-request-id'),
  });
  expect(PROBLEMS[code].status).toBe(status);
  if (code === 'validation_failed') {
    for (const error of body.errors as unknown[]) {
      expect(error).toEqual({ path: expect.any(String), message: expect.stringMatching(/\S/) });
    }
    expect(body.errors).not.toEqual([]);
  }
  expectProtected(answer);
}
