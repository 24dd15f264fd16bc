import { type IdPrefix, parsePublicId, Problem } from '@countersign/core';

/**
 * The UUID of an id in a path.
 * @throws Problem `not_found`: an id that cannot exist is answered like one that does not
 */
export function idOf(prefix: IdPrefix, text: string): string {
  const id = parsePublicId(prefix, text);
  if (id === undefined) throw new Problem('not_found');
  return id;
}
