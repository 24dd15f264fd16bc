import { Injectable } from '@nestjs/common';
import { Sealer, statement, type Tx } from '@countersign/core';
import { secretPlace } from './factor.store.js';

/** Whose other factors, and what of them. UUIDs. */
export interface SiblingsOf {
  readonly userId: string;
  readonly type: string;
  /** The one whose others they are. */
  readonly factorId: string;
  readonly withSecrets: boolean;
}

/** Another active factor of the same user and type. */
export interface SiblingFactor {
  readonly id: string;
  readonly label: string | null;
  readonly hint: string;
  readonly locked: boolean;
  readonly secret?: unknown;
}

const SIBLINGS = statement(
  'factor-siblings',
  `SELECT id, label, hint, locked_at IS NOT NULL AS locked, CASE WHEN $4 THEN secret END AS secret
     FROM factors
    WHERE user_id = $1 AND type = $2 AND status = 'active' AND id <> $3
    ORDER BY id`,
);

/** Reads a user's factors beside one of them. */
@Injectable()
export class SiblingStore {
  constructor(private readonly sealer: Sealer) {}

  /** A user's other active factors of a type, oldest first; their secrets in clear where they are asked for. */
  async siblings(tx: Tx, of: SiblingsOf): Promise<SiblingFactor[]> {
    const { userId, type, factorId, withSecrets } = of;
    const rows = await tx.query<Omit<SiblingFactor, 'secret'> & { readonly secret: Buffer | null }>(
      SIBLINGS,
      [userId, type, factorId, withSecrets],
    );
    return rows.map(({ secret, ...view }) =>
      secret === null ? view : { ...view, secret: this.sealer.openJson(secret, secretPlace(view.id)) },
    );
  }
}
