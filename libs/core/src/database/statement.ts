/** A SQL statement with a name, under which PostgreSQL keeps its plan. */
export interface Statement {
  readonly name: string;
  readonly text: string;
}

/**
 * Names a statement.
 * @param name unique in the program; PostgreSQL cuts names at 63 bytes
 */
export function statement(name: string, text: string): Statement {
  return { name, text };
}
