import { Injectable } from '@nestjs/common';
import { In } from 'typeorm';
import { Clock, Sealer, statement, sweepInBatches, type Tx } from '@countersign/core';
import { FactorEntity } from './factor.entity.js';

/** A factor as lists show it. */
export interface FactorView {
  readonly id: string;
  readonly type: string;
  readonly label: string | null;
  readonly status: 'pending' | 'active';
  readonly hint: string;
  readonly isDefault: boolean;
  readonly lockedAt: Date | null;
  readonly createdAt: Date;
  readonly lastUsedAt: Date | null;
}

/** A factor about to be written; its secret still in clear. */
export interface NewFactor {
  readonly id: string;
  readonly applicationId: string;
  readonly userId: string;
  readonly securityEpoch: number;
  readonly type: string;
  readonly label: string | null;
  readonly hint: string;
  readonly secret: unknown;
  /** What it claims to be, where it is active at once. */
  readonly identity?: Buffer | undefined;
  /** A pending factor's session or key, and its end; absent where the factor is active at once. */
  readonly pending?: { readonly begunBy: string; readonly expiresAt: Date };
}

/** A factor's secret in clear. */
export interface OpenedSecret {
  readonly id: string;
  readonly type: string;
  readonly secret: unknown;
}

/** A factor's secret, sealed until it is asked for. */
export interface SealedSecret {
  readonly id: string;
  readonly type: string;
  /** @throws where it cannot be opened */
  readonly open: () => unknown;
}

/** Somebody with a factor. UUIDs. */
export interface FactorOwner {
  readonly userId: string;
  readonly applicationId: string;
}

/** How much there is of one type. */
export interface TypeCount {
  readonly factors: number;
  readonly users: number;
  /** Users whose only factors, recovery aside, are of the type. */
  readonly usersLeftWithout: number;
}

/** Whose factors, and from where in the list on. */
export interface FactorPage {
  readonly userId: string;
  readonly limit: number;
  readonly after: string | undefined;
}

const VIEW = `id, type, label, status, hint, is_default AS "isDefault", locked_at AS "lockedAt",
              created_at AS "createdAt", last_used_at AS "lastUsedAt"`;

// An enrolment that is over, by time or by epoch, is neither shown nor counted, and swept away once its time is over.
const SHOWN = `(status = 'active' OR expires_at > $2 AND security_epoch = (
            SELECT users.security_epoch FROM users WHERE users.id = factors.user_id))`;

const LIST = statement(
  'factor-list',
  `SELECT ${VIEW}
     FROM factors
    WHERE user_id = $1 AND ${SHOWN} AND ($3::uuid IS NULL OR id > $3)
    ORDER BY id
    LIMIT $4`,
);

const FIND = statement(
  'factor-find',
  `SELECT ${VIEW} FROM factors WHERE user_id = $1 AND ${SHOWN} AND id = $3`,
);

const ACTIVE = statement(
  'factor-active',
  `SELECT ${VIEW}
     FROM factors
    WHERE user_id = $1 AND status = 'active'
    ORDER BY is_default DESC, id`,
);

const COUNT = statement(
  'factor-count',
  `SELECT count(*)::integer AS count FROM factors WHERE user_id = $1 AND ${SHOWN}`,
);

// Walks the index from type to type instead of reading a row per factor.
const ENROLLED_TYPES = statement(
  'factor-enrolled-types',
  `WITH RECURSIVE enrolled AS (
     (SELECT type FROM factors WHERE status = 'active' ORDER BY type LIMIT 1)
     UNION ALL
     SELECT (SELECT type FROM factors WHERE status = 'active' AND type > enrolled.type ORDER BY type LIMIT 1)
       FROM enrolled
      WHERE enrolled.type IS NOT NULL
   )
   SELECT type FROM enrolled WHERE type IS NOT NULL`,
);

// A few of each type, whichever come first in its index: an equality in place of the range would have PostgreSQL read
// the whole table for a type that few have.
const SAMPLE = statement(
  'factor-sample',
  `SELECT sampled.id, sampled.type, sampled.secret
     FROM unnest($1::text[]) AS asked (type)
    CROSS JOIN LATERAL (
      SELECT id, factors.type, secret
        FROM factors
       WHERE factors.type >= asked.type AND factors.type <= asked.type AND status = 'active'
       ORDER BY factors.type
       LIMIT $2
    ) AS sampled`,
);

const OF_TYPE_COUNT = statement(
  'factor-of-type-count',
  `SELECT count(*)::integer AS factors, count(DISTINCT of_type.user_id)::integer AS users,
          count(DISTINCT of_type.user_id) FILTER (
            WHERE of_type.status = 'active' AND of_type.type <> ALL ($2::text[]) AND NOT EXISTS (
              SELECT FROM factors AS other
               WHERE other.user_id = of_type.user_id AND other.status = 'active' AND other.type <> of_type.type
                 AND other.type <> ALL ($2::text[])
            )
          )::integer AS "usersLeftWithout"
     FROM factors AS of_type
    WHERE of_type.type = $1 AND (of_type.status = 'active' OR of_type.status = 'pending')`,
);

// Both arms are what a partial index holds.
const OWNERS_OF_TYPE = statement(
  'factor-owners-of-type',
  `SELECT DISTINCT user_id AS "userId", application_id AS "applicationId"
     FROM ((SELECT user_id, application_id FROM factors WHERE type = $1 AND status = 'active' LIMIT $2)
           UNION ALL
           (SELECT user_id, application_id FROM factors WHERE type = $1 AND status = 'pending' LIMIT $2)) AS owners`,
);

const SWEEP_ALL = statement(
  'factor-sweep-all',
  `DELETE FROM factors
    WHERE id IN (SELECT id FROM factors WHERE status = 'pending' AND expires_at < $1 LIMIT $2)
   RETURNING id`,
);

const UNLOCK = statement(
  'factor-unlock',
  `UPDATE factors SET locked_at = NULL, failures = 0 WHERE id = $1 AND locked_at IS NOT NULL RETURNING id`,
);

const LOCK = statement('factor-lock', `UPDATE factors SET locked_at = $2 WHERE id = ANY ($1::uuid[])`);

const EVERY = statement('factor-every', `SELECT ${VIEW} FROM factors WHERE user_id = $1`);

const SWEEP = statement(
  'factor-sweep',
  `DELETE FROM factors WHERE user_id = $1 AND status = 'pending' AND expires_at <= $2`,
);

/** Reads and writes enrolled factors. */
@Injectable()
export class FactorStore {
  constructor(
    private readonly clock: Clock,
    private readonly sealer: Sealer,
  ) {}

  /** Factors of a user, oldest first. */
  async list(tx: Tx, { userId, limit, after }: FactorPage): Promise<FactorView[]> {
    return tx.query<FactorView>(LIST, [userId, this.clock.now(), after ?? null, limit]);
  }

  /** One factor of a user. */
  async find(tx: Tx, userId: string, id: string): Promise<FactorView | undefined> {
    const [factor] = await tx.query<FactorView>(FIND, [userId, this.clock.now(), id]);
    return factor;
  }

  /** The active factors of a user, the default one first. */
  async active(tx: Tx, userId: string): Promise<FactorView[]> {
    return tx.query<FactorView>(ACTIVE, [userId]);
  }

  /** How many factors a user has, pending ones that are still alive included. */
  async count(tx: Tx, userId: string): Promise<number> {
    const [row] = await tx.query<{ count: number }>(COUNT, [userId, this.clock.now()]);
    return row?.count ?? 0;
  }

  /** Every type that somebody has enrolled. */
  async enrolledTypes(tx: Tx): Promise<string[]> {
    const rows = await tx.query<{ type: string }>(ENROLLED_TYPES, []);
    return rows.map((row) => row.type);
  }

  /** A few active factors of each type. */
  async sample(tx: Tx, types: readonly string[], each: number): Promise<SealedSecret[]> {
    const rows = await tx.query<{ id: string; type: string; secret: Buffer }>(SAMPLE, [types, each]);
    return rows.map(({ id, type, secret }) => ({
      id,
      type,
      open: () => this.sealer.openJson(secret, secretPlace(id)),
    }));
  }

  /**
   * How many factors there are of one type, of how many users, and how many of those have no other.
   * @param recovery types that stand in for others and are none by themselves
   */
  async countOfType(tx: Tx, type: string, recovery: readonly string[]): Promise<TypeCount> {
    const [row] = await tx.query<TypeCount>(OF_TYPE_COUNT, [type, recovery]);
    return row ?? { factors: 0, users: 0, usersLeftWithout: 0 };
  }

  /** Some of the users with a factor of one type. */
  async ownersOfType(tx: Tx, type: string, limit: number): Promise<FactorOwner[]> {
    return tx.query<FactorOwner>(OWNERS_OF_TYPE, [type, limit]);
  }

  /** Removes a user's enrolments that are over. */
  async sweep(tx: Tx, userId: string): Promise<void> {
    await tx.query(SWEEP, [userId, this.clock.now()]);
  }

  /** Removes everybody's enrolments that have been over for longer than this, in milliseconds. */
  async sweepAll(tx: Tx, keptMs: number): Promise<void> {
    await sweepInBatches(tx, SWEEP_ALL, this.clock, keptMs);
  }

  /** Writes a new factor, its secret sealed. */
  async insert(tx: Tx, factor: NewFactor): Promise<void> {
    const { pending, secret, identity, ...columns } = factor;
    const now = this.clock.now();
    await tx.manager.insert(FactorEntity, {
      ...columns,
      secret: this.sealer.sealJson(secret, secretPlace(factor.id)),
      identity: identity ?? null,
      status: pending === undefined ? 'active' : 'pending',
      begunBy: pending?.begunBy ?? null,
      expiresAt: pending?.expiresAt ?? null,
      createdAt: now,
      activatedAt: pending === undefined ? now : null,
    });
  }

  /** The secrets of factors, in clear, for the providers that clean up after them. */
  async secrets(tx: Tx, ids: readonly string[]): Promise<OpenedSecret[]> {
    const rows = await tx.manager.find(FactorEntity, {
      where: { id: In([...ids]) },
      select: { id: true, type: true, secret: true },
    });
    return rows.map(({ id, type, secret }) => ({
      id,
      type,
      secret: this.sealer.openJson(secret, secretPlace(id)),
    }));
  }

  /** Locks factors until another one of their user's has succeeded, or somebody unlocks them. */
  async lock(tx: Tx, ids: readonly string[]): Promise<void> {
    if (ids.length > 0) await tx.query(LOCK, [ids, this.clock.now()]);
  }

  /** Every factor of a user, whatever became of it. */
  async every(tx: Tx, userId: string): Promise<FactorView[]> {
    return tx.query<FactorView>(EVERY, [userId]);
  }

  /** Unlocks a factor. @returns whether it was locked */
  async unlock(tx: Tx, id: string): Promise<boolean> {
    return (await tx.query(UNLOCK, [id])).length > 0;
  }

  /** Changes a factor's label. */
  async rename(tx: Tx, id: string, label: string | null): Promise<void> {
    await tx.manager.update(FactorEntity, { id }, { label });
  }

  /** Makes one active factor of a user the default. Call with the user locked. */
  async makeDefault(tx: Tx, userId: string, id: string): Promise<void> {
    await tx.manager.update(FactorEntity, { userId, isDefault: true }, { isDefault: false });
    await tx.manager.update(FactorEntity, { userId, id }, { isDefault: true });
  }

  /** Removes every factor of a user. */
  async deleteAll(tx: Tx, userId: string): Promise<void> {
    await tx.manager.delete(FactorEntity, { userId });
  }

  /** Removes factors by id. */
  async delete(tx: Tx, ids: readonly string[]): Promise<void> {
    if (ids.length > 0) await tx.manager.delete(FactorEntity, [...ids]);
  }
}

/** Where a factor's sealed secret stands; it opens nowhere else. */
export function secretPlace(factorId: string): { table: string; row: string; field: string } {
  return { table: 'factors', row: factorId, field: 'secret' };
}
