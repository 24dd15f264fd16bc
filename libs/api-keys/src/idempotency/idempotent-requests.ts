import { Injectable } from '@nestjs/common';
import { Clock, Database, digestsEqual, Sealer, statement, sweepInBatches } from '@countersign/core';

/** A request as its server names it, and what it is about. */
export interface RepeatableRequest {
  /** UUID. */
  readonly keyId: string;
  /** The `Idempotency-Key` header. */
  readonly idempotencyKey: string;
  /** SHA-256 over method, path and body, 32 bytes. */
  readonly fingerprint: Buffer;
}

/** A claim, by the moment at which it ends: a later one of the same key ends later. */
export interface HeldClaim {
  readonly until: Date;
}

/** An answer as it is kept. */
export interface KeptAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

/** Whether the work is to be done. */
export type RequestClaim =
  /** It is this request's to do. */
  | { readonly outcome: 'claimed'; readonly claim: HeldClaim }
  /** It was done: this was the answer. */
  | { readonly outcome: 'done'; readonly answer: KeptAnswer }
  /** Another request has used the key. */
  | { readonly outcome: 'other-request' }
  /** It is being done, or its first ended unfinished: it never runs again. */
  | { readonly outcome: 'under-way' };

const KEPT_MS = 24 * 60 * 60_000;

// Other instances' clocks may be behind.
const SWEPT_AFTER_MS = 5 * 60_000;

// A row whose time is over is as good as none: it is taken over in place.
const CLAIM = statement(
  'idempotent-request-claim',
  `INSERT INTO idempotent_requests AS request (key_id, idempotency_key, fingerprint, expires_at)
   VALUES ($1, $2, $3, $4)
   ON CONFLICT ON CONSTRAINT idempotent_requests_pk DO UPDATE
      SET fingerprint = $3, answer = NULL, expires_at = $4
    WHERE request.expires_at <= $5
   RETURNING key_id`,
);

const FIND = statement(
  'idempotent-request-find',
  `SELECT fingerprint, answer FROM idempotent_requests WHERE key_id = $1 AND idempotency_key = $2`,
);

const COMPLETE = statement(
  'idempotent-request-complete',
  `UPDATE idempotent_requests SET answer = $3, expires_at = $4 WHERE key_id = $1 AND idempotency_key = $2`,
);

const RELEASE = statement(
  'idempotent-request-release',
  `DELETE FROM idempotent_requests
    WHERE key_id = $1 AND idempotency_key = $2 AND answer IS NULL AND expires_at = $3`,
);

const SWEEP = statement(
  'idempotent-request-sweep',
  `DELETE FROM idempotent_requests
    WHERE (key_id, idempotency_key) IN (
          SELECT key_id, idempotency_key FROM idempotent_requests WHERE expires_at < $1 LIMIT $2)
   RETURNING key_id`,
);

/** Has work that a server repeats done once: claimed in PostgreSQL before it, completed after it (api.md). */
@Injectable()
export class IdempotentRequests {
  constructor(
    private readonly database: Database,
    private readonly sealer: Sealer,
    private readonly clock: Clock,
  ) {}

  /** Claims the work, or says what has become of it. */
  async claim(request: RepeatableRequest): Promise<RequestClaim> {
    const { keyId, idempotencyKey, fingerprint } = request;
    const now = this.clock.now();
    const until = new Date(now.getTime() + KEPT_MS);
    const claimed = await this.database.direct.query(CLAIM, [keyId, idempotencyKey, fingerprint, until, now]);
    if (claimed.length > 0) return { outcome: 'claimed', claim: { until } };
    const [row] = await this.database.direct.query<{ fingerprint: Buffer; answer: Buffer | null }>(FIND, [
      keyId,
      idempotencyKey,
    ]);
    // Released or swept between the two: whoever did that may be at it still.
    if (row === undefined) return { outcome: 'under-way' };
    if (!digestsEqual(row.fingerprint, fingerprint)) return { outcome: 'other-request' };
    if (row.answer === null) return { outcome: 'under-way' };
    return { outcome: 'done', answer: this.sealer.openJson(row.answer, placeOf(request)) as KeptAnswer };
  }

  /** Keeps the answer, sealed, because answers may show secrets once. */
  async complete(request: RepeatableRequest, answer: KeptAnswer, keptMs = KEPT_MS): Promise<void> {
    await this.database.direct.query(COMPLETE, [
      request.keyId,
      request.idempotencyKey,
      this.sealer.sealJson(answer, placeOf(request)),
      new Date(this.clock.now().getTime() + keptMs),
    ]);
  }

  /** Lets a request that has changed nothing be made again. What another request has claimed since then stays. */
  async release({ keyId, idempotencyKey }: RepeatableRequest, { until }: HeldClaim): Promise<void> {
    await this.database.direct.query(RELEASE, [keyId, idempotencyKey, until]);
  }

  /** Forgets what is past its time. */
  async sweep(): Promise<void> {
    await sweepInBatches(this.database.batches, SWEEP, this.clock, SWEPT_AFTER_MS);
  }
}

function placeOf({ keyId, idempotencyKey }: RepeatableRequest): {
  table: string;
  row: string;
  field: string;
} {
  return { table: 'idempotent_requests', row: `${keyId}/${idempotencyKey}`, field: 'answer' };
}
