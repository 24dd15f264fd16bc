import { Injectable } from '@nestjs/common';
import { Clock, Sealer, statement, type Tx } from '@countersign/core';
import type { Freshness } from '@countersign/factor-kit';
import { secretPlace } from '../factor.store.js';
import type { SecretWithHint } from '../provider-results.js';

/** A pending factor as an activation loads it, its secret in clear. */
export interface PendingFactor {
  readonly id: string;
  readonly type: string;
  readonly hint: string;
  readonly secret: unknown;
  /** Whether it is still alive: in time, and under the epoch it was begun in. */
  readonly alive: boolean;
  /** Whether the user has no active factor yet. */
  readonly first: boolean;
}

/** Whose pending factor, and who began it. */
export interface PendingOwner {
  readonly userId: string;
  readonly factorId: string;
  readonly begunBy: string;
}

/** A confirmed factor, to be made active. */
export interface Activation {
  readonly factorId: string;
  readonly begunBy: string;
  readonly fresh: Freshness;
  readonly replacement: SecretWithHint | undefined;
  readonly hint: string;
  /** What the factor claims to be, where its provider knows such a thing. */
  readonly identity: Buffer | undefined;
  readonly makeDefault: boolean;
}

const LOAD = statement(
  'enrolment-load',
  `SELECT factor.id, factor.type, factor.hint, factor.secret,
          factor.expires_at > $4 AND users.security_epoch = factor.security_epoch
            AND users.status = 'active' AS alive,
          NOT EXISTS (SELECT FROM factors AS other
                       WHERE other.user_id = factor.user_id AND other.status = 'active') AS first
     FROM factors AS factor
     JOIN users ON users.id = factor.user_id
    WHERE factor.id = $1 AND factor.user_id = $2 AND factor.begun_by = $3 AND factor.status = 'pending'`,
);

// The epoch is compared by the statement that uses the pending factor, not only when it was loaded.
const ACTIVATE = statement(
  'enrolment-activate',
  `UPDATE factors
      SET status = 'active', begun_by = NULL, expires_at = NULL, activated_at = $3, last_used_at = $3,
          is_default = $4, watermark = $5::bigint,
          secret = COALESCE($6::bytea, factors.secret), hint = $7, identity = $8
     FROM users
    WHERE factors.id = $1 AND factors.begun_by = $2 AND factors.status = 'pending' AND factors.expires_at > $3
      AND users.id = factors.user_id AND users.security_epoch = factors.security_epoch
   RETURNING factors.id`,
);

const SPEND_TOKEN = statement(
  'enrolment-spend-token',
  `INSERT INTO spent_tokens (factor_id, token, spent_at) VALUES ($1, $2, $3)`,
);

/** Reads and activates pending factors. */
@Injectable()
export class EnrolmentStore {
  constructor(
    private readonly clock: Clock,
    private readonly sealer: Sealer,
  ) {}

  /** Loads a pending factor for the session or key that began it. */
  async load(tx: Tx, { factorId, userId, begunBy }: PendingOwner): Promise<PendingFactor | undefined> {
    const [row] = await tx.query<Omit<PendingFactor, 'secret'> & { secret: Buffer }>(LOAD, [
      factorId,
      userId,
      begunBy,
      this.clock.now(),
    ]);
    return row && { ...row, secret: this.sealer.openJson(row.secret, secretPlace(row.id)) };
  }

  /** Makes a pending factor active and spends the answer that confirmed it. @returns whether it was still alive */
  async activate(tx: Tx, activation: Activation): Promise<boolean> {
    const { factorId, begunBy, fresh, replacement, hint, identity, makeDefault } = activation;
    const now = this.clock.now();
    const rows = await tx.query(ACTIVATE, [
      factorId,
      begunBy,
      now,
      makeDefault,
      typeof fresh === 'object' && 'step' in fresh ? fresh.step.toString() : null,
      replacement === undefined ? null : this.sealer.sealJson(replacement.secret, secretPlace(factorId)),
      hint,
      identity ?? null,
    ]);
    if (rows.length === 0) return false;
    if (typeof fresh === 'object' && 'token' in fresh)
      await tx.query(SPEND_TOKEN, [factorId, fresh.token, now]);
    return true;
  }
}
