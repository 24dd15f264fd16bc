import { Injectable } from '@nestjs/common';
import { Coalescer, Database, Sealer, statement } from '@countersign/core';
import type { KnownUser } from '@countersign/directory';
import { secretPlace } from '../factor.store.js';
import type { LoadedFactor } from './settlement.store.js';

/** An active factor of a user, its secret still sealed. */
export interface HeldFactor {
  readonly id: string;
  readonly type: string;
  readonly hint: string;
  readonly isDefault: boolean;
  readonly locked: boolean;
  readonly secret: Buffer;
  readonly secretVersion: number;
  /** PostgreSQL's bigint. */
  readonly watermark: string | null;
}

/** A user and all that they can be asked for. */
export interface UserWithFactors {
  readonly user: KnownUser;
  /** The default one first. */
  readonly factors: readonly HeldFactor[];
}

/** A user by the application's own id for them. */
interface Named {
  readonly applicationId: string;
  readonly externalId: string;
}

type Row = Omit<KnownUser, 'id'> & { readonly nth: number; readonly userId: string } & (
    (Omit<HeldFactor, 'id'> & { readonly factorId: string }) | { readonly factorId: null }
  );

// The arrays stand behind a SELECT so that PostgreSQL keeps one plan, whatever their length.
const LOAD = statement(
  'user-factors-load',
  `SELECT asked.nth::integer, users.id AS "userId", users.external_id AS "externalId", users.email, users.locale,
          users.status, users.role, users.security_epoch AS "securityEpoch",
          users.password_hash IS NOT NULL AS "hasPassword",
          factor.id AS "factorId", factor.type, factor.hint, factor.is_default AS "isDefault",
          factor.locked_at IS NOT NULL AS locked, factor.secret, factor.secret_version AS "secretVersion",
          factor.watermark
     FROM unnest((SELECT $1::uuid[]), (SELECT $2::text[])) WITH ORDINALITY AS asked (application_id, external_id, nth)
     JOIN users ON users.application_id = asked.application_id AND users.external_id = asked.external_id
     LEFT JOIN factors AS factor ON factor.user_id = users.id AND factor.status = 'active'
    ORDER BY asked.nth, factor.is_default DESC, factor.id`,
);

const MOST = 50;

/**
 * Reads users with everything that an answer in one call needs: one statement, also for many who answer at the same
 * time.
 */
@Injectable()
export class UserFactorsStore {
  readonly #coalescer: Coalescer<Named, UserWithFactors | undefined>;

  constructor(
    private readonly sealer: Sealer,
    private readonly database: Database,
  ) {
    this.#coalescer = new Coalescer((named) => this.#read(named), { most: MOST });
  }

  /** @param externalId the application's own id for the user */
  async load(applicationId: string, externalId: string): Promise<UserWithFactors | undefined> {
    // PostgreSQL's texts hold no NUL, and are not even asked for one.
    if (externalId.includes('\0')) return undefined;
    return this.#coalescer.run({ applicationId, externalId });
  }

  /** Unseals one of them for verification, by a challenge that nobody has answered. */
  unseal({ user, factors }: UserWithFactors, factor: HeldFactor): LoadedFactor {
    return {
      id: factor.id,
      type: factor.type,
      secret: this.sealer.openJson(factor.secret, secretPlace(factor.id)),
      secretVersion: factor.secretVersion,
      watermark: factor.watermark === null ? undefined : BigInt(factor.watermark),
      locked: factor.locked,
      othersLocked: factors.some(({ id, locked }) => locked && id !== factor.id),
      userStatus: user.status,
      securityEpoch: user.securityEpoch,
      account: user.email ?? user.externalId,
      locale: user.locale,
      challengeSpent: false,
    };
  }

  async #read(named: readonly Named[]): Promise<(UserWithFactors | undefined)[]> {
    const rows = await this.database.direct.query<Row>(LOAD, [
      named.map(({ applicationId }) => applicationId),
      named.map(({ externalId }) => externalId),
    ]);
    const byPlace = Map.groupBy(rows, ({ nth }) => nth);
    return named.map((_, at) => userFrom(byPlace.get(at + 1) ?? []));
  }
}

function userFrom(rows: readonly Row[]): UserWithFactors | undefined {
  const [first] = rows;
  if (first === undefined) return undefined;
  const { userId: id, externalId, email, locale, status, role, securityEpoch, hasPassword } = first;
  return {
    user: { id, externalId, email, locale, status, role, securityEpoch, hasPassword },
    factors: rows.flatMap((row) => (row.factorId === null ? [] : [{ ...row, id: row.factorId }])),
  };
}
