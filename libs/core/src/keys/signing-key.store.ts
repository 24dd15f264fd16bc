import { Injectable } from '@nestjs/common';
import { Clock } from '../clock/clock.js';
import { Sealer } from '../crypto/sealer.js';
import {
  exportSigningKey,
  generateSigningKey,
  importSigningKey,
  type PublicJwk,
} from '../crypto/signing-key.js';
import { statement } from '../database/statement.js';
import type { Tx } from '../database/tx.js';
import { newId } from '../ids/new-id.js';
import type { KnownSigningKeys } from './signing-keys.js';

/** So long a key that signs no more is published: longer than anything that it signed is valid. */
const PUBLISHED_AFTER = `interval '7 days'`;

interface Row {
  readonly id: string;
  readonly publicJwk: PublicJwk;
  readonly privateKey: Buffer;
  readonly signs: boolean;
}

// PostgreSQL's clock decides which key signs, because those of the instances may be far apart.
const LOOK = statement(
  'signing-keys-look',
  `SELECT id, public_jwk AS "publicJwk", private_key AS "privateKey",
          signs_from <= now() AND (retired_at IS NULL OR retired_at > now()) AS signs
     FROM signing_keys
    WHERE retired_at IS NULL OR retired_at > now() - ${PUBLISHED_AFTER}
    ORDER BY signs_from DESC, id DESC`,
);

const INSERT = statement(
  'signing-key-insert',
  `INSERT INTO signing_keys (id, kid, public_jwk, private_key, created_at, signs_from)
   VALUES ($1, $2, $3, $4, $5, now() + $6::integer * interval '1 millisecond')
   RETURNING signs_from AS "signsFrom"`,
);

const RETIRE_OTHERS = statement(
  'signing-key-retire-others',
  `UPDATE signing_keys
      SET retired_at = (SELECT signs_from FROM signing_keys WHERE id = $1)
    WHERE id <> $1 AND retired_at IS NULL`,
);

const DELETE_OTHERS = statement('signing-key-delete-others', `DELETE FROM signing_keys WHERE id <> $1`);

const UPCOMING = statement(
  'signing-key-upcoming',
  `SELECT kid, signs_from AS "signsFrom" FROM signing_keys WHERE signs_from > now() AND retired_at IS NULL`,
);

/** A key that was made, or is about to sign. */
export interface UpcomingKey {
  readonly kid: string;
  readonly signsFrom: Date;
}

/** Reads and writes signing keys, their private halves sealed. Write with `takeTurns`. */
@Injectable()
export class SigningKeyStore {
  constructor(
    private readonly sealer: Sealer,
    private readonly clock: Clock,
  ) {}

  /** @returns `undefined` where there is none yet */
  async look(tx: Tx): Promise<KnownSigningKeys | undefined> {
    const rows = await tx.query<Row>(LOOK, []);
    const signing = rows.find(({ signs }) => signs) ?? rows.at(-1);
    if (signing === undefined) return undefined;
    const pkcs8 = this.sealer.open(signing.privateKey, privateKeyPlace(signing.id));
    return { current: importSigningKey(pkcs8), published: rows.map(({ publicJwk }) => publicJwk) };
  }

  /** The key that is published and does not sign yet, if there is one. */
  async upcoming(tx: Tx): Promise<UpcomingKey | undefined> {
    const [key] = await tx.query<UpcomingKey>(UPCOMING, []);
    return key;
  }

  /** Makes a key. @param inMs how long until it signs */
  async make(tx: Tx, inMs: number): Promise<UpcomingKey & { readonly id: string }> {
    const id = newId(this.clock);
    const { kid, publicJwk, privateKey } = generateSigningKey();
    const sealed = this.sealer.seal(exportSigningKey(privateKey), privateKeyPlace(id));
    const values = [id, kid, JSON.stringify(publicJwk), sealed, this.clock.now(), inMs];
    const [row] = await tx.query<{ signsFrom: Date }>(INSERT, values);
    if (row === undefined) throw new Error('A signing key was not written');
    return { id, kid, signsFrom: row.signsFrom };
  }

  /** Has all others sign nothing more once this one does; what they signed stays valid. */
  async retireOthers(tx: Tx, id: string): Promise<void> {
    await tx.query(RETIRE_OTHERS, [id]);
  }

  /** Removes all others: what they signed is worth nothing. */
  async deleteOthers(tx: Tx, id: string): Promise<void> {
    await tx.query(DELETE_OTHERS, [id]);
  }
}

function privateKeyPlace(id: string): { table: string; row: string; field: string } {
  return { table: 'signing_keys', row: id, field: 'private_key' };
}
