import type { FastifyReply } from 'fastify';

const HEADER = 'Second-Factor-Removed';

/** Documents the header that says so. */
export const SECOND_FACTOR_REMOVED_HEADER = {
  [HEADER]: {
    description: '`?1` where a second factor went with what others had set up at the address.',
    schema: { type: 'string', example: '?1' },
  },
} satisfies Record<string, { description: string; schema: { type: 'string'; example: string } }>;

/** Says in an answer without a body that a second factor is gone: the account needs another one. */
export function tellSecondFactorRemoved(
  reply: FastifyReply,
  { secondFactorRemoved }: { readonly secondFactorRemoved: boolean },
): void {
  // A boolean as RFC 9651 section 3.3.6 writes it.
  if (secondFactorRemoved) reply.header(HEADER, '?1');
}
