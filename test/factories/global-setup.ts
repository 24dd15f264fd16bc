import { randomBytes } from 'node:crypto';
import pg from 'pg';
import type { TestProject } from 'vitest/node';
import { Database } from '@countersign/core';
import { migrations } from '../../migrations/index.js';

declare module 'vitest' {
  interface ProvidedContext {
    /** A migrated, empty database that every test application is copied from. */
    templateDatabase: string;
  }
}

let template: string | undefined;

/** Migrates one template database for the whole run. */
export async function setup(project: TestProject): Promise<void> {
  const server = process.env['TEST_DATABASE_URL'];
  if (server === undefined)
    throw new Error('Run the tests with `npm test`: it starts a PostgreSQL for them.');
  template = `countersign_test_${randomBytes(4).toString('hex')}`;
  await withAdmin(server, (admin) => admin.query(`CREATE DATABASE ${template ?? ''}`));
  const url = new URL(server);
  url.pathname = `/${template}`;
  await Database.migrate(url.href, migrations);
  project.provide('templateDatabase', template);
}

/** Removes it and all its copies. */
export async function teardown(): Promise<void> {
  const server = process.env['TEST_DATABASE_URL'];
  if (server === undefined || template === undefined) return;
  await withAdmin(server, async (admin) => {
    const { rows } = await admin.query<{ datname: string }>(
      'SELECT datname FROM pg_database WHERE starts_with(datname, $1)',
      [template],
    );
    for (const { datname } of rows) await admin.query(`DROP DATABASE IF EXISTS ${datname} WITH (FORCE)`);
  });
}

async function withAdmin(server: string, work: (admin: pg.Client) => Promise<unknown>): Promise<void> {
  const admin = new pg.Client({ connectionString: server });
  await admin.connect();
  try {
    await work(admin);
  } finally {
    await admin.end();
  }
}
