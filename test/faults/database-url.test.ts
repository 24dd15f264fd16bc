import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSecureContext, TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Database } from '@countersign/core';
import { explain } from '../../apps/api/src/start-failure.js';
import { requireVersion } from '../../libs/core/src/database/unusable-database.js';
import { migrations } from '../../migrations/index.js';
import { emptyDatabase } from '../factories/database.js';
import { startTestApp } from '../factories/app.js';
import { eventually } from '../factories/process.js';
import { sql } from '../factories/sql.js';

// A program of the machine.
const OPENSSL = 'openssl';

/** What an operator is told where a database cannot be migrated. */
const told = (url: string): Promise<string> => Database.migrate(url, migrations).then(() => fail(), explain);

describe('what is wrong with the database is said in a sentence', () => {
  it('a host that is not known is not named, because it may be a piece of the password', async () => {
    const sentence = await told('postgres://someone:word@ss.invalid/countersign');
    expect(sentence).toMatch(/^DATABASE_URL: its host is not known \(E\w+\)\. .*percent-encoded\.$/);
    expect(sentence).not.toContain('ss.invalid');
  });

  it('PostgreSQL without TLS', async () => {
    const url = new URL(await emptyDatabase());
    url.searchParams.set('sslmode', 'verify-full');
    expect(await told(url.href)).toBe(
      'DATABASE_URL: PostgreSQL offers no TLS. Switch it on there (ssl = on), or take sslmode out.',
    );
  });

  it('a file of an authority that is not there', async () => {
    const sentence = await told(
      'postgres://someone@127.0.0.1:1/x?sslmode=verify-full&sslrootcert=/none/ca.pem',
    );
    expect(sentence).toMatch(/^DATABASE_URL: .*\/none\/ca\.pem.*\.$/);
  });

  it.each([120_022, 130_014])('a PostgreSQL that is too old (%i)', (version) => {
    expect(() => requireVersion({ version, user: 'someone', database: 'x' })).toThrow(
      /^DATABASE_URL: PostgreSQL 1[23] is too old\. Countersign needs PostgreSQL 14 or newer\.$/,
    );
  });

  it('PostgreSQL 14 is new enough', () => {
    expect(() => requireVersion({ version: 140_000, user: 'someone', database: 'x' })).not.toThrow();
  });

  describe('a role without rights', () => {
    const role = `poor_${randomBytes(4).toString('hex')}`;
    let databaseUrl: string;
    let asRole: string;
    beforeAll(async () => {
      databaseUrl = await emptyDatabase();
      await sql(databaseUrl, `CREATE ROLE ${role} LOGIN PASSWORD 'hidden-word'`);
      await sql(databaseUrl, 'REVOKE CREATE ON SCHEMA public FROM PUBLIC');
      const url = new URL(databaseUrl);
      url.username = role;
      url.password = 'hidden-word';
      asRole = url.href;
    });
    afterAll(() => sql(databaseUrl, `DROP OWNED BY ${role}; DROP ROLE ${role}`));

    it('on the schema', async () => {
      const sentence = await told(asRole);
      expect(sentence).toMatch(
        /^DATABASE_URL: The role poor_\w+ may not change the database \w+ \(permission denied/,
      );
      expect(sentence).toContain(`GRANT USAGE, CREATE ON SCHEMA public TO "${role}"`);
      expect(sentence).not.toMatch(/hidden-word|\n/);
    });

    it('on the database, which its jobs need', async () => {
      await sql(databaseUrl, `GRANT USAGE, CREATE ON SCHEMA public TO ${role}`);
      await Database.migrate(asRole, migrations);
      const lines: string[] = [];
      const world = await startTestApp({ databaseUrl: asRole, env: { ROLE: 'all' } });
      try {
        world.app.useLogger({
          log: () => undefined,
          warn: () => undefined,
          error: (line: string) => lines.push(line),
        });
        await eventually(() => lines.some((line) => line.includes('GRANT CREATE ON DATABASE')));
      } finally {
        await world.stop();
      }
    });
  });

  // A certificate is made with a program of the machine.
  describe.skipIf(spawnSync(OPENSSL, ['version']).status !== 0)('a certificate', () => {
    let folder: string;
    beforeAll(() => {
      folder = mkdtempSync(join(tmpdir(), 'countersign-tls-'));
      const made = spawnSync(
        OPENSSL,
        [
          ...[
            'req',
            '-x509',
            '-newkey',
            'ec',
            '-pkeyopt',
            'ec_paramgen_curve:prime256v1',
            '-nodes',
            '-days',
            '1',
          ],
          ...['-subj', '/CN=db.example.com', '-addext', 'subjectAltName=DNS:db.example.com'],
          ...['-keyout', join(folder, 'key.pem'), '-out', join(folder, 'cert.pem')],
        ],
        { encoding: 'utf8' },
      );
      if (made.status !== 0) throw new Error(made.stderr);
    });
    afterAll(() => rmSync(folder, { recursive: true }));

    it.each([
      {
        of: 'a private authority',
        query: 'sslmode=require',
        says: /not known here .*sslrootcert=.*NODE_EXTRA_CA_CERTS/,
      },
      { of: 'another name', query: 'sslmode=verify-full&sslrootcert=', says: /is for another name\./ },
    ])('of $of', async ({ query, says }) => {
      const context = createSecureContext({
        key: readFileSync(join(folder, 'key.pem')),
        cert: readFileSync(join(folder, 'cert.pem')),
      });
      // As much of PostgreSQL as there is before its certificate is refused (section 54.2.10 of its manual).
      const server = createServer((socket: Socket) => {
        socket.on('error', () => undefined);
        socket.once('data', () => {
          socket.write('S');
          new TLSSocket(socket, { isServer: true, secureContext: context }).on('error', () => undefined);
        });
      });
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const address = server.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      try {
        const file = query.endsWith('=') ? join(folder, 'cert.pem') : '';
        const sentence = await told(`postgres://someone:word@127.0.0.1:${port}/x?${query}${file}`);
        expect(sentence).toMatch(/^DATABASE_URL: the certificate of PostgreSQL /);
        expect(sentence).toMatch(says);
        expect(sentence).not.toContain('\n');
      } finally {
        server.close();
      }
    });
  });
});

function fail(): never {
  throw new Error('The database can be migrated');
}
