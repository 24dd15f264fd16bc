import type { KeyObject } from 'node:crypto';
import type { Clock } from '../clock/clock.js';
import { masterKeysFrom, newDataKey, unwrapDataKey, wrapDataKey } from '../crypto/data-key.js';
import { Sealer } from '../crypto/sealer.js';
import type { Secret } from '../crypto/secret-text.js';
import {
  exportSigningKey,
  generateSigningKey,
  importSigningKey,
  type PublicJwk,
  type SigningKey,
} from '../crypto/signing-key.js';
import type { Database } from '../database/database.js';
import type { Tx } from '../database/tx.js';
import { newId } from '../ids/new-id.js';
import { DataKeyEntity } from './data-key.entity.js';
import { SigningKeyEntity } from './signing-key.entity.js';

/** Raised at start when no given master key opens the database's data keys. */
export class MasterKeyMismatch extends Error {
  override readonly name = 'MasterKeyMismatch';

  constructor() {
    super(
      'MASTER_KEY does not open this database: it was sealed under another key. Set the key it was made with.',
    );
  }
}

// Any 64-bit number of our own; first starts take turns behind it, so that they make one key between them.
const KEY_LOCK = '7308324476502171508';

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

/** The ES256 keys of this deployment: one signs, all verify. */
export class SigningKeys {
  constructor(
    /** The key that signs new tokens. */
    readonly current: Pick<SigningKey, 'kid' | 'privateKey'>,
    /** Every key whose tokens may still be valid, as published (RFC 7517). */
    readonly published: readonly PublicJwk[],
  ) {}
}

/** Loads the signing keys, making the first one on a new database. */
export async function openSigningKeys(
  database: Database,
  sealer: Sealer,
  clock: Clock,
): Promise<SigningKeys> {
  return database.transaction(async (tx) => {
    await takeTurns(tx);
    const repository = tx.manager.getRepository(SigningKeyEntity);
    const rows = await repository.find({ order: { id: 'DESC' } });
    const signing = rows.find((row) => row.retiredAt === null);
    if (signing !== undefined) {
      const pkcs8 = sealer.open(signing.privateKey, privateKeyPlace(signing.id));
      return new SigningKeys(
        importSigningKey(pkcs8),
        rows.map((row) => row.publicJwk),
      );
    }
    const id = newId(clock);
    const { kid, publicJwk, privateKey } = generateSigningKey();
    await repository.insert({
      id,
      kid,
      publicJwk,
      privateKey: sealer.seal(exportSigningKey(privateKey), privateKeyPlace(id)),
      createdAt: clock.now(),
      retiredAt: null,
    });
    return new SigningKeys({ kid, privateKey }, [publicJwk, ...rows.map((row) => row.publicJwk)]);
  });
}

function privateKeyPlace(id: string): { table: string; row: string; field: string } {
  return { table: 'signing_keys', row: id, field: 'private_key' };
}

async function takeTurns(tx: Tx): Promise<void> {
  await tx.manager.query(`SELECT pg_advisory_xact_lock(${KEY_LOCK})`);
}
