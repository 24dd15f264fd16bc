import type { KeyObject } from 'node:crypto';
import type { Clock } from '../clock/clock.js';
import { masterKeysFrom, newDataKey, unwrapDataKey, wrapDataKey } from '../crypto/data-key.js';
import { Sealer } from '../crypto/sealer.js';
import type { Secret } from '../crypto/secret-text.js';
import type { Database } from '../database/database.js';
import type { Tx } from '../database/tx.js';
import { newId } from '../ids/new-id.js';
import { DataKeyEntity } from './data-key.entity.js';
import { takeTurns } from './turns.js';

/** Raised at start when no given master key opens the database's data keys. */
export class MasterKeyMismatch extends Error {
  override readonly name = 'MasterKeyMismatch';

  constructor() {
    super(
      'MASTER_KEY does not open this database: it was sealed under another key. Set the key it was made with.',
    );
  }
}

/**
 * Opens the database's data keys, making the first one on a new database.
 *
 * @param masterKeys base64, newest first
 * @throws MasterKeyMismatch
 */
export async function openSealer(
  database: Database,
  masterKeys: readonly Secret[],
  clock: Clock,
): Promise<Sealer> {
  const keys = masterKeysFrom(masterKeys.map((key) => key.reveal()));
  return database.transaction(async (tx) => {
    await takeTurns(tx);
    const repository = tx.manager.getRepository(DataKeyEntity);
    const rows = await repository.find({ order: { id: 'DESC' } });
    if (rows.length === 0) {
      const dataKey = await makeDataKey(tx, keys, clock);
      return new Sealer([dataKey]);
    }
    return new Sealer(
      rows.map(({ id, wrapped }) => {
        const unwrapped = unwrapDataKey(keys, id, wrapped);
        if (!unwrapped.opened) throw new MasterKeyMismatch();
        return { id, key: unwrapped.key };
      }),
    );
  });
}

async function makeDataKey(
  tx: Tx,
  [newest]: readonly KeyObject[],
  clock: Clock,
): Promise<{ id: string; key: KeyObject }> {
  if (newest === undefined) throw new MasterKeyMismatch();
  const id = newId(clock);
  const key = newDataKey();
  await tx.manager.insert(DataKeyEntity, {
    id,
    wrapped: wrapDataKey(newest, id, key),
    createdAt: clock.now(),
  });
  return { id, key };
}

/** A data key that was looked at while master keys are rotated. */
export interface RewrappedKey {
  /** UUID. */
  readonly id: string;
  /** Whether it was wrapped anew; it may have been under the newest master key before. */
  readonly rewrapped: boolean;
  readonly nth: number;
  readonly of: number;
}

/**
 * Wraps every data key under the newest master key: what is sealed stays as it is. Each key in a transaction of its own, so
 * that whoever is interrupted goes on where they were; services go on meanwhile, because they have both master keys.
 *
 * @param masterKeys base64, newest first
 * @param tell hears of each key
 * @throws MasterKeyMismatch for a key that none of them opens; those before it are wrapped anew then
 */
export async function rewrapDataKeys(
  database: Database,
  masterKeys: readonly Secret[],
  tell: (key: RewrappedKey) => void,
): Promise<void> {
  const keys = masterKeysFrom(masterKeys.map((key) => key.reveal()));
  const [newest] = keys;
  if (newest === undefined) throw new MasterKeyMismatch();
  const ids = await database.direct.manager.find(DataKeyEntity, {
    select: { id: true },
    order: { id: 'ASC' },
  });
  for (const [index, { id }] of ids.entries()) {
    const rewrapped = await database.transaction(async (tx) => {
      await takeTurns(tx);
      const row = await tx.manager.findOneByOrFail(DataKeyEntity, { id });
      const unwrapped = unwrapDataKey(keys, id, row.wrapped);
      if (!unwrapped.opened) throw new MasterKeyMismatch();
      if (unwrapped.by === 0) return false;
      await tx.manager.update(DataKeyEntity, { id }, { wrapped: wrapDataKey(newest, id, unwrapped.key) });
      return true;
    });
    tell({ id, rewrapped, nth: index + 1, of: ids.length });
  }
}
