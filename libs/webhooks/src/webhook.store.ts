import { Injectable } from '@nestjs/common';
import { Clock, publicId, Sealer, statement, type Tx } from '@countersign/core';
import type { KeyObject } from 'node:crypto';
import { signingKey } from './signing.js';
import { WebhookEntity } from './webhook.entity.js';
import type { Receiver, Wanted, Webhook } from './webhook.js';

/** A webhook about to be written; its secret still in clear. */
export interface NewWebhook extends Omit<Webhook, 'status' | 'createdAt'> {
  readonly secret: Buffer;
}

/** What can change of a webhook; absent fields stay. */
export interface WebhookChanges {
  readonly url?: string;
  readonly events?: readonly Wanted[];
  readonly description?: string | null;
  readonly status?: 'enabled' | 'disabled';
}

/** Which application's webhooks, and from where in the list on. */
export interface WebhookPage {
  readonly applicationId: string;
  readonly limit: number;
  readonly after: string | undefined;
}

/** A webhook that is told of events, with what it wants. */
export interface Subscription extends Receiver {
  readonly applicationId: string;
  readonly events: readonly Wanted[];
  readonly publicId: string;
}

/** A webhook's columns that hold its secrets. */
export interface SealedSecrets {
  readonly secret: Buffer;
  readonly previousSecret: Buffer | null;
  readonly previousUntil: Date | null;
}

const VIEW = `id, application_id AS "applicationId", url, events, description, status, created_at AS "createdAt"`;

const LIST = statement(
  'webhook-list',
  `SELECT ${VIEW} FROM webhooks WHERE application_id = $1 AND ($2::uuid IS NULL OR id > $2) ORDER BY id LIMIT $3`,
);

const FIND = statement('webhook-find', `SELECT ${VIEW} FROM webhooks WHERE application_id = $1 AND id = $2`);

const LOCK = statement(
  'webhook-lock',
  `SELECT ${VIEW} FROM webhooks WHERE application_id = $1 AND id = $2 FOR UPDATE`,
);

const LOCK_APPLICATION = statement(
  'webhook-lock-application',
  `SELECT id FROM applications WHERE id = $1 FOR NO KEY UPDATE`,
);

const COUNT = statement(
  'webhook-count',
  `SELECT count(*)::integer AS count FROM webhooks WHERE application_id = $1`,
);

const SUBSCRIPTIONS = statement(
  'webhook-subscriptions',
  `SELECT id, application_id AS "applicationId", url, events, secret, previous_secret AS "previousSecret",
          previous_until AS "previousUntil"
     FROM webhooks
    WHERE application_id = ANY ($1::uuid[]) AND status = 'enabled'`,
);

const ANY_ENABLED = statement(
  'webhook-any-enabled',
  `SELECT EXISTS (SELECT FROM webhooks WHERE status = 'enabled') AS any`,
);

const ROTATE = statement(
  'webhook-rotate',
  `UPDATE webhooks SET previous_secret = $3, previous_until = $4, secret = $2, updated_at = $5 WHERE id = $1`,
);

const SECRET = statement('webhook-secret', `SELECT secret FROM webhooks WHERE id = $1`);

const SUCCEEDED = statement(
  'webhook-succeeded',
  `UPDATE webhooks SET failing_since = NULL WHERE id = ANY ($1::uuid[]) AND failing_since IS NOT NULL`,
);

const FAILED = statement(
  'webhook-failed',
  `UPDATE webhooks SET failing_since = COALESCE(failing_since, $2)
    WHERE id = ANY ($1::uuid[])
   RETURNING id, failing_since AS "failingSince"`,
);

const DISABLE = statement(
  'webhook-disable',
  `UPDATE webhooks SET status = 'disabled', updated_at = $2
    WHERE id = ANY ($1::uuid[]) AND status = 'enabled'
   RETURNING id, application_id AS "applicationId"`,
);

/** Reads and writes webhooks. */
@Injectable()
export class WebhookStore {
  constructor(
    private readonly clock: Clock,
    private readonly sealer: Sealer,
  ) {}

  /** Webhooks of an application, oldest first. */
  async list(tx: Tx, { applicationId, limit, after }: WebhookPage): Promise<Webhook[]> {
    return tx.query<Webhook>(LIST, [applicationId, after ?? null, limit]);
  }

  /** One webhook of an application. */
  async find(tx: Tx, applicationId: string, id: string): Promise<Webhook | undefined> {
    const [webhook] = await tx.query<Webhook>(FIND, [applicationId, id]);
    return webhook;
  }

  /** The same, locked until the transaction ends. */
  async lock(tx: Tx, applicationId: string, id: string): Promise<Webhook | undefined> {
    const [webhook] = await tx.query<Webhook>(LOCK, [applicationId, id]);
    return webhook;
  }

  /** How many an application has; none are added until the transaction ends. */
  async countLocked(tx: Tx, applicationId: string): Promise<number> {
    await tx.query(LOCK_APPLICATION, [applicationId]);
    const [row] = await tx.query<{ count: number }>(COUNT, [applicationId]);
    return row?.count ?? 0;
  }

  /** The enabled webhooks of some applications. */
  async subscriptions(tx: Tx, applicationIds: readonly string[]): Promise<Subscription[]> {
    const rows = await tx.query<Omit<Subscription, 'keys' | 'publicId'> & SealedSecrets>(SUBSCRIPTIONS, [
      [...new Set(applicationIds)],
    ]);
    return rows.map(({ id, applicationId, url, events, ...sealed }) => ({
      id,
      applicationId,
      url,
      events,
      publicId: publicId('whk', id),
      keys: this.keysOf(id, sealed),
    }));
  }

  /** The keys that sign for a webhook now. */
  keysOf(id: string, { secret, previousSecret, previousUntil }: SealedSecrets): KeyObject[] {
    const keys = [this.sealer.open(secret, placeOf(id))];
    if (previousSecret !== null && previousUntil !== null && previousUntil > this.clock.now()) {
      keys.push(this.sealer.open(previousSecret, placeOf(id)));
    }
    return keys.map(signingKey);
  }

  /** Whether anybody waits for events at all. */
  async anyEnabled(tx: Tx): Promise<boolean> {
    const [row] = await tx.query<{ any: boolean }>(ANY_ENABLED, []);
    return row?.any ?? false;
  }

  async insert(tx: Tx, { secret, events, ...webhook }: NewWebhook): Promise<void> {
    const now = this.clock.now();
    await tx.manager.insert(WebhookEntity, {
      ...webhook,
      events: [...events],
      secret: this.sealer.seal(secret, placeOf(webhook.id)),
      createdAt: now,
      updatedAt: now,
    });
  }

  /** Changes a webhook; one that is enabled again begins with a clean slate. Call with it locked. */
  async change(tx: Tx, id: string, { events, ...changes }: WebhookChanges): Promise<void> {
    await tx.manager.update(
      WebhookEntity,
      { id },
      {
        ...changes,
        ...(events === undefined ? {} : { events: [...events] }),
        ...(changes.status === 'enabled' ? { failingSince: null } : {}),
        updatedAt: this.clock.now(),
      },
    );
  }

  /** Gives a webhook a new secret; the one before signs as well until a moment. Call with it locked. */
  async rotate(tx: Tx, id: string, secret: Buffer, previousUntil: Date): Promise<void> {
    const [before] = await tx.query<{ secret: Buffer }>(SECRET, [id]);
    const sealed = this.sealer.seal(secret, placeOf(id));
    await tx.query(ROTATE, [id, sealed, before?.secret ?? null, previousUntil, this.clock.now()]);
  }

  async delete(tx: Tx, id: string): Promise<void> {
    await tx.manager.delete(WebhookEntity, { id });
  }

  /** Notes that deliveries succeeded. */
  async succeeded(tx: Tx, ids: readonly string[]): Promise<void> {
    if (ids.length > 0) await tx.query(SUCCEEDED, [[...ids]]);
  }

  /** Notes that deliveries failed. @returns since when each webhook has been failing */
  async failed(tx: Tx, ids: readonly string[]): Promise<{ id: string; failingSince: Date }[]> {
    return ids.length === 0 ? [] : tx.query(FAILED, [[...ids], this.clock.now()]);
  }

  /** Disables webhooks. @returns those that were enabled */
  async disable(tx: Tx, ids: readonly string[]): Promise<{ id: string; applicationId: string }[]> {
    return ids.length === 0 ? [] : tx.query(DISABLE, [[...ids], this.clock.now()]);
  }
}

function placeOf(webhookId: string): { table: string; row: string; field: string } {
  return { table: 'webhooks', row: webhookId, field: 'secret' };
}
