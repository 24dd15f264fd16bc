import type { Database } from '../database/database.js';
import type { SigningKeyStore } from './signing-key.store.js';
import { SigningKeys } from './signing-keys.js';
import { takeTurns } from './turns.js';

/** Loads the signing keys, making the first one on a new database. */
export async function openSigningKeys(database: Database, store: SigningKeyStore): Promise<SigningKeys> {
  return database.transaction(async (tx) => {
    await takeTurns(tx);
    if ((await store.look(tx)) === undefined) await store.make(tx, 0);
    const known = await store.look(tx);
    if (known === undefined) throw new Error('There is no signing key');
    return new SigningKeys(known);
  });
}
