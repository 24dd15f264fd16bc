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

/** Migrates one template database for the whole run, and removes it and all copies at the end. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const server = process.env['TEST_DATABASE_URL'];
  if (server === undefined)
    throw new Error('Run the tests with `npm test`: it starts a PostgreSQL for them.');
  const template = `countersign_test_${randomBytes(4).toString('hex')}`;
  const admin = new pg.Client({ connectionString: server });
  await admin.connect();
  await admin.query(`CREATE DATABASE ${template}`);
  const url = new URL(server);
  url.pathname = `/${template}`;
  await Database.migrate(url.href, migrations);
  project.provide('templateDatabase', template);
  return async () => {
    const { rows } = await admin.query<{ datname: string }>(
      'SELECT datname FROM pg_database WHERE starts_with(datname, $1)',
      [template],
    );
    for (const { datname } of rows) await admin.query(`DROP DATABASE IF EXISTS ${datname} WITH (FORCE)`);
    await admin.end();
  };
}
