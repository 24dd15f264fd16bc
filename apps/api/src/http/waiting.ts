import type { BucketState } from '@countersign/core';

/** The `Retry-After` of a limit that is used up, in whole seconds. */
export function waitFor({ resetMs }: BucketState): { readonly retryAfter: number } {
  return { retryAfter: Math.max(1, Math.ceil(resetMs / 1_000)) };
}
