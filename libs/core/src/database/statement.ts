import { hash } from 'node:crypto';

/** A SQL statement with a name, under which PostgreSQL keeps its plan. */
export interface Statement {
  readonly name: string;
  readonly text: string;
}

/** PostgreSQL cuts names at 63 bytes, and two that are alike then are one. */
const MAX_NAME_LENGTH = 63;
const DIGEST_LENGTH = 8;

/**
 * Names a statement. The name ends in a digest of the text: behind a pooler the version before may have left a statement
 * of the same name and another text on the connection, which would be run in its place.
 *
 * @param name unique in the program
 * @throws RangeError where it is too long
 */
export function statement(name: string, text: string): Statement {
  const named = `${name}-${hash('sha256', text, 'hex').slice(0, DIGEST_LENGTH)}`;
  if (named.length > MAX_NAME_LENGTH) throw new RangeError(`The name ${name} is too long`);
  return { name: named, text };
}
