import fastifyCookie from '@fastify/cookie';
import type { FastifyReply, FastifyRequest } from 'fastify';

/** What travels in cookies. */
type Kept = 'refresh' | 'device';

/** Registers what reads and writes cookies. */
export const cookiePlugin = fastifyCookie;

// One name per application, so that a browser can be logged in to several. The prefix binds them to this very host, by
// https only (RFC 6265bis section 4.1.3.2).
function nameOf(kept: Kept, slug: string): string {
  return `__Host-countersign-${kept}-${slug}`;
}

const ATTRIBUTES = { path: '/', httpOnly: true, secure: true, sameSite: 'strict' } as const;

/** The cookie of an application that came with a request. */
export function cookieOf({ cookies }: FastifyRequest, kept: Kept, slug: string): string | undefined {
  return cookies[nameOf(kept, slug)];
}

/** Has a browser keep a token, which no script reads. */
export function keepCookie(
  reply: FastifyReply,
  kept: Kept,
  slug: string,
  token: { readonly text: string; readonly maxAgeSeconds: number },
): void {
  reply.setCookie(nameOf(kept, slug), token.text, { ...ATTRIBUTES, maxAge: token.maxAgeSeconds });
}

/** Has a browser forget a token. */
export function forgetCookie(reply: FastifyReply, kept: Kept, slug: string): void {
  reply.clearCookie(nameOf(kept, slug), ATTRIBUTES);
}
