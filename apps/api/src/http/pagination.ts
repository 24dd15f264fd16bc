import { type IdPrefix, parsePublicId, type Problem, publicId } from '@countersign/core';
import { validationFailed } from './validation.js';

/** One page of a list as the API answers it. */
export interface Page<T> {
  readonly data: readonly T[];
  readonly nextCursor: string | null;
}

/** Where a page begins, and how much it holds; one more is read to see whether another follows. */
export interface PageRequest {
  readonly limit: number;
  readonly after: string | undefined;
}

/**
 * Reads `limit` and `cursor`.
 * @param prefix the kind of id that the list's cursors hold
 * @throws Problem `validation_failed` for a cursor that this list never gave
 */
export function pageRequest(
  query: { readonly limit: number; readonly cursor?: string },
  prefix: IdPrefix,
): PageRequest {
  const after = query.cursor === undefined ? undefined : idIn(query.cursor, prefix);
  return { limit: query.limit + 1, after };
}

/** Cuts a page out of what was read for a `pageRequest`. */
export function pageOf<T extends { readonly id: string }, V>(
  rows: readonly T[],
  { limit }: PageRequest,
  prefix: IdPrefix,
  view: (row: T) => V,
): Page<V> {
  const shown = rows.slice(0, limit - 1);
  const last = rows.length >= limit ? shown.at(-1) : undefined;
  const nextCursor = last === undefined ? null : Buffer.from(publicId(prefix, last.id)).toString('base64url');
  return { data: shown.map(view), nextCursor };
}

function idIn(cursor: string, prefix: IdPrefix): string {
  const id = parsePublicId(prefix, Buffer.from(cursor, 'base64url').toString('utf8'));
  if (id === undefined) throw unknownCursor();
  return id;
}

/** The problem of a cursor that the list never gave. */
export function unknownCursor(): Problem {
  return validationFailed([{ path: 'cursor', message: 'must be the nextCursor of this list' }]);
}
