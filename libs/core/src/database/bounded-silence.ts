import { Socket } from 'node:net';
import type { Client } from 'pg';
import { cancelStatement } from './cancel-statement.js';

/** What bounds how long PostgreSQL may say nothing on one connection while a query waits for it. */
export interface SilenceBound {
  /** Sets another bound, in milliseconds, until `reset`. */
  extend(ms: number): void;
  reset(): void;
}

/** How long an answer to the request to cancel is waited for. */
const CANCEL_TIMEOUT_MS = 900;

/**
 * Bounds PostgreSQL's silence on a connection. First PostgreSQL is asked to cancel the statement: it then ends there as
 * well as here, and the connection stays in use, so that no back end is left behind that waits for a lock and commits
 * later. Only where that is not answered either is the connection closed. The query then fails with "Query read
 * timeout", which is what `isDatabaseUnavailable` looks for, and the pool makes another connection.
 *
 * This is the socket's one timer. The driver's own bound, `query_timeout`, is a timer and a closure for each query,
 * and V8 then frees what a query leaves only in full collections: 50 MB more of a process under load.
 *
 * @param ms of silence before PostgreSQL is asked to cancel
 * @throws TypeError where the connection is no socket
 */
export function boundSilence(client: Client, ms: number): SilenceBound {
  const { connection } = client;
  const { stream } = connection;
  if (!(stream instanceof Socket)) throw new TypeError('pg speaks to PostgreSQL through a socket');
  let boundMs = ms;
  let cancelled = false;
  stream.setTimeout(boundMs);
  // Not as the callback of `setTimeout`, which is called once: the first idle time would use it up.
  stream.on('timeout', () => {
    if (!waits(client)) return;
    if (cancelled) {
      stream.destroy(new Error('Query read timeout'));
      return;
    }
    cancelled = true;
    connection.once('readyForQuery', () => {
      cancelled = false;
      stream.setTimeout(boundMs);
    });
    stream.setTimeout(CANCEL_TIMEOUT_MS);
    cancelStatement(client, CANCEL_TIMEOUT_MS);
  });
  const set = (nextMs: number): void => {
    boundMs = nextMs;
    if (!cancelled) stream.setTimeout(boundMs);
  };
  return { extend: set, reset: () => set(ms) };
}

// Not in the types of `pg`: false from the moment a query is sent until PostgreSQL is ready for the next one.
function waits(client: Client & { readyForQuery?: boolean | null }): boolean {
  return client.readyForQuery === false;
}
