import { Injectable } from '@nestjs/common';
import { isUniqueViolation, Sealer, statement, type Statement, type Tx } from '@countersign/core';
import { secretPlace } from '../factor.store.js';
import type { IdentifiableFactor } from './factor-identities.js';

/** The unique index of what factors have claimed. */
const IDENTITY_KEY = 'factors_identity_key';

/** An active factor of the time before identities were claimed. */
export interface UnclaimedFactor extends Omit<IdentifiableFactor, 'secret'> {
  readonly id: string;
  /** @throws where its secret cannot be opened */
  readonly open: () => unknown;
}

const CLAIM = statement(
  'identity-claim',
  `UPDATE factors SET identity = $2 WHERE id = $1 AND status = 'active' AND identity IS NULL RETURNING id`,
);

/** Reads and writes what makes devices one and the same. */
@Injectable()
export class IdentityStore {
  readonly #unclaimed = new Map<string, Statement>();

  constructor(private readonly sealer: Sealer) {}

  /**
   * Active factors that have claimed nothing yet, by id.
   * @param after the id of the last one that was looked at
   */
  async unclaimed(
    tx: Tx,
    type: string,
    { after, limit }: { readonly after: string | null; readonly limit: number },
  ): Promise<UnclaimedFactor[]> {
    const rows = await tx.query<Omit<UnclaimedFactor, 'open'> & { readonly secret: Buffer }>(
      this.#unclaimedOf(type),
      [after, limit],
    );
    return rows.map(({ secret, ...factor }) => ({
      ...factor,
      open: () => this.sealer.openJson(secret, secretPlace(factor.id)),
    }));
  }

  /** Claims an identity for a factor of the time before. @returns whether no other factor has it */
  async claim(tx: Tx, id: string, identity: Buffer): Promise<boolean> {
    try {
      return (await tx.query(CLAIM, [id, identity])).length > 0;
    } catch (error) {
      if (isIdentityTaken(error)) return false;
      throw error;
    }
  }

  // The type stands in the text, so that PostgreSQL finds these by an index of them alone. A type is of lower case letters,
  // digits and underscores: the registry takes no other.
  #unclaimedOf(type: string): Statement {
    const known = this.#unclaimed.get(type);
    if (known !== undefined) return known;
    const made = statement(
      `identity-unclaimed-${type}`,
      `SELECT id, application_id AS "applicationId", type, secret
         FROM factors
        WHERE type = '${type}' AND status = 'active' AND identity IS NULL AND ($1::uuid IS NULL OR id > $1)
        ORDER BY id
        LIMIT $2`,
    );
    this.#unclaimed.set(type, made);
    return made;
  }
}

/** Whether a write failed because another factor of the application has the identity. */
export function isIdentityTaken(error: unknown): boolean {
  return isUniqueViolation(error, IDENTITY_KEY);
}
