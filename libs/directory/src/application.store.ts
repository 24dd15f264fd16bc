import { Injectable } from '@nestjs/common';
import { Clock, newId, statement, type Tx } from '@countersign/core';
import { ApplicationEntity } from './application.entity.js';
import { type ApplicationPolicy, policyOf, type StoredPolicy } from './application-policy.js';

/** An application as the rest of the house sees it. */
export interface Application {
  readonly id: string;
  readonly slug: string;
  readonly name: string;
  readonly issuer: string;
  readonly allowedOrigins: readonly string[];
  readonly policy: ApplicationPolicy;
  readonly createdAt: Date;
}

/** The slug of the application that is there from the first start. */
export const DEFAULT_APPLICATION = 'default';

/** An application about to be written. */
export interface NewApplication extends Pick<
  Application,
  'id' | 'slug' | 'name' | 'issuer' | 'allowedOrigins'
> {
  readonly policy: StoredPolicy;
}

/** What can change of an application; absent fields stay. Its slug never does. */
export interface ApplicationChanges {
  readonly name?: string;
  readonly issuer?: string;
  readonly allowedOrigins?: readonly string[];
  readonly policy?: StoredPolicy;
}

/** Which applications, and from where in the list on. */
export interface ApplicationPage {
  /** The only one that is shown; all of them where absent. */
  readonly only: string | undefined;
  readonly limit: number;
  readonly after: string | undefined;
}

type Row = Omit<Application, 'policy'> & { readonly policy: StoredPolicy };

const SELECT = `SELECT id, slug, name, issuer, allowed_origins AS "allowedOrigins", policy,
                       created_at AS "createdAt"
                  FROM applications`;

const FIND_BY_SLUG = statement('application-by-slug', `${SELECT} WHERE slug = $1`);
const FIND_BY_ID = statement('application-by-id', `${SELECT} WHERE id = $1`);

const LIST = statement(
  'application-list',
  `${SELECT}
    WHERE ($1::uuid IS NULL OR id = $1) AND ($2::uuid IS NULL OR id > $2)
    ORDER BY id
    LIMIT $3`,
);

const LOCK = statement('application-lock', `${SELECT} WHERE id = $1 FOR NO KEY UPDATE`);

const INSERT = statement(
  'application-insert',
  `INSERT INTO applications (id, slug, name, issuer, allowed_origins, policy, created_at, updated_at)
   VALUES ($1, $2, $3, $4, $5, $6, $7, $7)
   ON CONFLICT ON CONSTRAINT applications_slug_key DO NOTHING
   RETURNING id`,
);

const ALLOWED_ORIGINS = statement(
  'application-allowed-origins',
  `SELECT DISTINCT unnest(allowed_origins) AS origin FROM applications`,
);

const CREATE_DEFAULT = statement(
  'application-create-default',
  `INSERT INTO applications (id, slug, name, issuer, created_at, updated_at)
   VALUES ($1, $2, $3, $3, $4, $4)
   ON CONFLICT ON CONSTRAINT applications_slug_key DO NOTHING`,
);

/** Reads and writes applications. */
@Injectable()
export class ApplicationStore {
  constructor(private readonly clock: Clock) {}

  /** Finds one by its slug. */
  async findBySlug(tx: Tx, slug: string): Promise<Application | undefined> {
    return application(await tx.query<Row>(FIND_BY_SLUG, [slug]));
  }

  /** Finds one by its UUID. */
  async findById(tx: Tx, id: string): Promise<Application | undefined> {
    return application(await tx.query<Row>(FIND_BY_ID, [id]));
  }

  /** Applications, oldest first. */
  async list(tx: Tx, { only, limit, after }: ApplicationPage): Promise<Application[]> {
    const rows = await tx.query<Row>(LIST, [only ?? null, after ?? null, limit]);
    return rows.map(applicationOf);
  }

  /** Locks one until the transaction ends. @returns it, its policy as it is stored */
  async lock(tx: Tx, id: string): Promise<Row | undefined> {
    const [row] = await tx.query<Row>(LOCK, [id]);
    return row;
  }

  /** @returns whether it was made; `false` where the slug is taken */
  async insert(tx: Tx, application: NewApplication): Promise<boolean> {
    const { id, slug, name, issuer, allowedOrigins, policy } = application;
    const now = this.clock.now();
    return (await tx.query(INSERT, [id, slug, name, issuer, allowedOrigins, policy, now])).length > 0;
  }

  /** Changes an application. Call with it locked. */
  async change(tx: Tx, id: string, { allowedOrigins, ...changes }: ApplicationChanges): Promise<void> {
    const origins = allowedOrigins === undefined ? {} : { allowedOrigins: [...allowedOrigins] };
    await tx.manager.update(
      ApplicationEntity,
      { id },
      { ...changes, ...origins, updatedAt: this.clock.now() },
    );
  }

  /** Every origin whose browsers some application lets in. */
  async allowedOrigins(tx: Tx): Promise<string[]> {
    const rows = await tx.query<{ origin: string }>(ALLOWED_ORIGINS, []);
    return rows.map(({ origin }) => origin);
  }

  /** Makes the default application where it is missing. Two first starts make one. */
  async ensureDefault(tx: Tx): Promise<void> {
    const now = this.clock.now();
    await tx.query(CREATE_DEFAULT, [newId(now), DEFAULT_APPLICATION, 'Countersign', now]);
  }
}

function application([row]: readonly Row[]): Application | undefined {
  return row && applicationOf(row);
}

/** An application with its whole policy. */
export function applicationOf(row: Row): Application {
  return { ...row, policy: policyOf(row.policy) };
}
