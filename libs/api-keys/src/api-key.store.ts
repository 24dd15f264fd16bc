import { Injectable } from '@nestjs/common';
import { Clock, statement, type Tx } from '@countersign/core';
import { ApiKeyEntity } from './api-key.entity.js';
import type { ApiKey, KeyCheck, KeyRateLimit } from './api-key.js';
import type { Scope } from './scopes.js';

/** A key about to be written. */
export interface NewApiKey extends Omit<ApiKey, 'createdAt' | 'lastUsedAt' | 'revokedAt'> {
  readonly digest: Buffer;
}

/** A key that works, as an operator is told of it. */
export type LiveApiKey = Pick<ApiKey, 'id' | 'applicationId' | 'name' | 'createdAt' | 'lastUsedAt'> & {
  readonly application: string;
};

/** Which application's keys, and from where in the list on. */
export interface ApiKeyPage {
  readonly applicationId: string;
  readonly limit: number;
  readonly after: string | undefined;
}

/** What can change of a key; absent fields stay. */
export interface ApiKeyChanges {
  readonly name?: string;
  readonly scopes?: readonly Scope[];
  readonly rateLimit?: KeyRateLimit | null;
  readonly expiresAt?: Date | null;
}

type Row<K> = Omit<K, 'rateLimit'> & { readonly limit: number | null; readonly windowSeconds: number | null };

const VIEW = `id, application_id AS "applicationId", name, scopes, limit_requests AS "limit",
              limit_seconds AS "windowSeconds", created_at AS "createdAt", last_used_at AS "lastUsedAt",
              expires_at AS "expiresAt", revoked_at AS "revokedAt"`;

const CHECK = statement(
  'api-key-check',
  `SELECT ${VIEW}, digest, previous_digest AS "previousDigest", previous_until AS "previousUntil"
     FROM api_keys
    WHERE id = $1 AND revoked_at IS NULL`,
);

const LIST = statement(
  'api-key-list',
  `SELECT ${VIEW}
     FROM api_keys
    WHERE application_id = $1 AND ($2::uuid IS NULL OR id > $2)
    ORDER BY id
    LIMIT $3`,
);

const LIVE = statement(
  'api-key-live',
  `SELECT key.id, key.application_id AS "applicationId", application.slug AS application, key.name,
          key.created_at AS "createdAt", key.last_used_at AS "lastUsedAt"
     FROM api_keys AS key
     JOIN applications AS application ON application.id = key.application_id
    WHERE key.revoked_at IS NULL AND (key.expires_at IS NULL OR key.expires_at > $1)
    ORDER BY application.slug, key.id`,
);

const FIND = statement('api-key-find', `SELECT ${VIEW} FROM api_keys WHERE application_id = $1 AND id = $2`);

// No stronger lock than that: the claim of an `Idempotency-Key` refers to the key, and waits for nobody who changes it.
const LOCK = statement(
  'api-key-lock',
  `SELECT ${VIEW} FROM api_keys WHERE application_id = $1 AND id = $2 FOR NO KEY UPDATE`,
);

const ROTATE = statement(
  'api-key-rotate',
  `UPDATE api_keys SET previous_digest = digest, previous_until = $3, digest = $2 WHERE id = $1`,
);

// At most once a minute for each key, whatever the number of instances that saw it used.
const USED = statement(
  'api-key-used',
  `UPDATE api_keys SET last_used_at = $2
    WHERE id = $1 AND (last_used_at IS NULL OR last_used_at < $2::timestamptz - interval '30 seconds')`,
);

/** Reads and writes API keys. */
@Injectable()
export class ApiKeyStore {
  constructor(private readonly clock: Clock) {}

  /** All that a request's key is held against; `undefined` for one that is not there or was revoked. */
  async check(tx: Tx, id: string): Promise<KeyCheck | undefined> {
    const [row] = await tx.query<Row<KeyCheck>>(CHECK, [id]);
    return row && withLimit(row);
  }

  /** Keys of an application, revoked ones included, oldest first. */
  async list(tx: Tx, { applicationId, limit, after }: ApiKeyPage): Promise<ApiKey[]> {
    const rows = await tx.query<Row<ApiKey>>(LIST, [applicationId, after ?? null, limit]);
    return rows.map((row) => withLimit(row));
  }

  /** Every key that works, with the slug of its application. */
  async live(tx: Tx): Promise<LiveApiKey[]> {
    return tx.query<LiveApiKey>(LIVE, [this.clock.now()]);
  }

  /** One key of an application. */
  async find(tx: Tx, applicationId: string, id: string): Promise<ApiKey | undefined> {
    const [row] = await tx.query<Row<ApiKey>>(FIND, [applicationId, id]);
    return row && withLimit(row);
  }

  /** The same, locked until the transaction ends. */
  async lock(tx: Tx, applicationId: string, id: string): Promise<ApiKey | undefined> {
    const [row] = await tx.query<Row<ApiKey>>(LOCK, [applicationId, id]);
    return row && withLimit(row);
  }

  async insert(tx: Tx, { rateLimit, scopes, ...key }: NewApiKey): Promise<void> {
    await tx.manager.insert(ApiKeyEntity, {
      ...key,
      scopes: [...scopes],
      ...columnsOf(rateLimit),
      createdAt: this.clock.now(),
    });
  }

  /** Changes a key. Call with it locked. */
  async change(tx: Tx, id: string, { rateLimit, scopes, ...changes }: ApiKeyChanges): Promise<void> {
    const columns = {
      ...changes,
      ...(scopes === undefined ? {} : { scopes: [...scopes] }),
      ...(rateLimit === undefined ? {} : columnsOf(rateLimit)),
    };
    if (Object.keys(columns).length > 0) await tx.manager.update(ApiKeyEntity, { id }, columns);
  }

  /** Gives a key a new secret; the one before counts until a moment. */
  async rotate(tx: Tx, id: string, digest: Buffer, previousUntil: Date): Promise<void> {
    await tx.query(ROTATE, [id, digest, previousUntil]);
  }

  /** Ends a key for good. */
  async revoke(tx: Tx, id: string): Promise<void> {
    await tx.manager.update(
      ApiKeyEntity,
      { id },
      { revokedAt: this.clock.now(), previousDigest: null, previousUntil: null },
    );
  }

  /** Notes that a key was used. */
  async used(tx: Tx, id: string, at: Date): Promise<void> {
    await tx.query(USED, [id, at]);
  }
}

function withLimit<K extends ApiKey>({ limit, windowSeconds, ...key }: Row<K>): K {
  const rateLimit = limit === null || windowSeconds === null ? null : { limit, windowSeconds };
  // The columns of a row are those of K but for the limit, which the compiler cannot put together again.
  return { ...key, rateLimit } as unknown as K;
}

function columnsOf(rateLimit: KeyRateLimit | null): {
  limitRequests: number | null;
  limitSeconds: number | null;
} {
  return { limitRequests: rateLimit?.limit ?? null, limitSeconds: rateLimit?.windowSeconds ?? null };
}
