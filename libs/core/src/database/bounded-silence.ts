import { Socket } from 'node:net';
import type { Client } from 'pg';

/**
 * Closes a connection on which PostgreSQL says nothing for so long while a query waits for it. The query fails with
 * "Query read timeout", which is what `isDatabaseUnavailable` looks for, and the pool makes another connection.
 *
 * This is the socket's one timer. The driver's own bound, `query_timeout`, is a timer and a closure for each query,
 * and V8 then frees what a query leaves only in full collections: 50 MB more of a process under load.
 *
 * @param ms of silence
 * @throws TypeError where the connection is no socket
 */
export function boundSilence(client: Client, ms: number): void {
  const { stream } = client.connection;
  if (!(stream instanceof Socket)) throw new TypeError('pg speaks to PostgreSQL through a socket');
  stream.setTimeout(ms);
  // Not as the callback of `setTimeout`, which is called once: the first idle time would use it up.
  stream.on('timeout', () => {
    if (waits(client)) stream.destroy(new Error('Query read timeout'));
  });
}

// Not in the types of `pg`: false from the moment a query is sent until PostgreSQL is ready for the next one.
function waits(client: Client & { readyForQuery?: boolean | null }): boolean {
  return client.readyForQuery === false;
}
