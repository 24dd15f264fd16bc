import type { Tx } from '../database/tx.js';

// Any 64-bit number of our own; whoever makes keys takes turns behind it, so that two first starts make one between them.
const KEY_LOCK = '7308324476502171508';

/** Makes everything that makes or changes keys take turns until the transaction ends. */
export async function takeTurns(tx: Tx): Promise<void> {
  await tx.manager.query(`SELECT pg_advisory_xact_lock(${KEY_LOCK})`);
}
