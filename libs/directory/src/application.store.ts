import { Injectable } from '@nestjs/common';
import { Clock, newId, statement, type Tx } from '@countersign/core';
import { type ApplicationPolicy, policyOf, type StoredPolicy } from './application-policy.js';

/** An application as the rest of the house sees it. */
export interface Application {
  readonly id: string;
  readonly slug: string;
  readonly name: string;
  readonly issuer: string;
  readonly allowedOrigins: readonly string[];
  readonly policy: ApplicationPolicy;
}

/** The slug of the application that is there from the first start. */
export const DEFAULT_APPLICATION = 'default';

type Row = Omit<Application, 'policy'> & { readonly policy: StoredPolicy };

const SELECT = `SELECT id, slug, name, issuer, allowed_origins AS "allowedOrigins", policy FROM applications`;

const FIND_BY_SLUG = statement('application-by-slug', `${SELECT} WHERE slug = $1`);
const FIND_BY_ID = statement('application-by-id', `${SELECT} WHERE id = $1`);

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

  /** Makes the default application where it is missing. Two first starts make one. */
  async ensureDefault(tx: Tx): Promise<void> {
    const now = this.clock.now();
    await tx.query(CREATE_DEFAULT, [newId(now), DEFAULT_APPLICATION, 'Countersign', now]);
  }
}

function application([row]: readonly Row[]): Application | undefined {
  return row && { ...row, policy: policyOf(row.policy) };
}
