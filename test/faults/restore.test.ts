import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Database, TestClock } from '@countersign/core';
import { afterRestore } from '../../apps/api/src/cli/after-restore.command.js';
import { UsageError } from '../../apps/api/src/cli/command.js';
import { loadAppConfig } from '../../apps/api/src/config.js';
import { migrations } from '../../migrations/index.js';
import { passwordLogin, trustDevice } from '../factories/accounts.js';
import { startTestApp, type TestApp } from '../factories/app.js';
import {
  type MachineCluster,
  machineCluster,
  machinePostgres,
  runDocumented,
} from '../factories/machine-postgres.js';
import { beginLogin, type PersonWithTotp, registerWithTotp } from '../factories/people.js';
import { eventually } from '../factories/process.js';
import { type Receiver, startReceiver } from '../factories/receivers.js';
import { enrolServedUser, makeServer, type ServedUser, type Server, serverOf } from '../factories/servers.js';
import { sql } from '../factories/sql.js';

if (machinePostgres === undefined) {
  process.stdout.write('There is no pg_dump: apt-get install postgresql (tests of restores are skipped)\n');
}

// Skipped where the machine has no PostgreSQL; CI installs one and cannot pass without.
describe.skipIf(machinePostgres === undefined && process.env['CI'] === undefined)(
  'a backup that is restored',
  () => {
    const masterKey = randomBytes(32).toString('base64');
    const folder = mkdtempSync(join(tmpdir(), 'countersign-restore-'));
    const env = { ROLE: 'all', WEBHOOK_ALLOW_PRIVATE_NETWORKS: '127.0.0.0/8' };
    // People's apps move it on by a step each; it is set to the machine's time for the command.
    const clock = new TestClock(new Date(Date.now() - 600_000));
    let clusters: readonly [MachineCluster, MachineCluster];
    let receiver: Receiver;
    let server: Server;
    let person: PersonWithTotp;
    let deviceToken: string;
    let told: ServedUser;
    let pending: ServedUser;
    let original: string;
    let restored: string;
    let world: TestApp;

    const start = (databaseUrl: string): Promise<TestApp> =>
      startTestApp({ databaseUrl, masterKey, env, clock });
    const cli = async (args: readonly string[]): Promise<string> => {
      const lines: string[] = [];
      const config = loadAppConfig({
        NODE_ENV: 'test',
        DATABASE_URL: restored,
        MASTER_KEY: masterKey,
        ROLE: 'api',
      });
      await afterRestore({ args, config, say: (line) => lines.push(line) });
      return lines.join('\n');
    };
    const restore = (databaseUrl: string): string =>
      runDocumented('pg_restore', folder, { NEW_DATABASE_URL: databaseUrl });
    const hears = (user: ServedUser): boolean =>
      receiver.messages.some(
        ({ body }) => body.includes(user.externalId) && body.includes('two_factor.enabled'),
      );

    beforeAll(async () => {
      clusters = await Promise.all([machineCluster(), machineCluster()]);
      original = await clusters[0].database('original');
      restored = await clusters[1].database('restored');
      // The new server has counted fewer transactions than the old one.
      await sql(
        original,
        'DO $$ BEGIN FOR turn IN 1..3000 LOOP PERFORM pg_current_xact_id(); COMMIT; END LOOP; END $$',
      );
      await Database.migrate(original, migrations);
      receiver = await startReceiver();
      const before = await start(original);
      server = await makeServer(before);
      await server.post('/v1/webhooks', {
        url: receiver.url,
        events: ['two_factor.enabled', 'factor.removed'],
      });
      told = await enrolServedUser(before, server);
      person = await registerWithTotp(before);
      deviceToken = await trustDevice(before, person);
      await eventually(() => hears(told) && receiver.messages.length === 2);
      await before.stop();
      // What nobody sends before the backup is made.
      const silent = await startTestApp({ databaseUrl: original, masterKey, clock });
      pending = await enrolServedUser(silent, serverOf(silent.client, server.key));
      await silent.stop();
      runDocumented('pg_dump', folder, { DATABASE_URL: original });
      restore(restored);
      receiver.messages.length = 0;
      world = await start(restored);
    }, 60_000);
    afterAll(async () => {
      await world.stop();
      await receiver.stop();
      await Promise.all(clusters.map((cluster) => cluster.remove()));
      rmSync(folder, { recursive: true });
    });

    it('is recognised: health says so, and requests are answered', async () => {
      expect(await world.client.get('/health')).toMatchObject({
        status: 200,
        body: { status: 'ok', checks: { relay: 'held' } },
      });
      expect((await world.client.get('/v1/me', { token: person.accessToken })).status).toBe(200);
    });

    it.each([
      [
        'another database of the same server',
        async () => {
          const copy = await clusters[0].database('copy');
          restore(copy);
          return copy;
        },
      ],
      [
        'the very database that it was made of',
        async () => {
          await sql(original, 'DROP SCHEMA public, pgboss CASCADE; CREATE SCHEMA public');
          restore(original);
          return original;
        },
      ],
    ])('is recognised in %s', async (_where, place) => {
      const other = await startTestApp({ databaseUrl: await place(), masterKey, clock });
      try {
        expect((await other.client.get('/health')).body).toMatchObject({ checks: { relay: 'held' } });
      } finally {
        await other.stop();
      }
    });

    it('is not taken into use by a command that does not say what becomes of what was pending', async () => {
      for (const args of [
        [],
        ['--pending', 'keep'],
        ['--pending', 'drop', '--moved', '--revoke-keys'],
        ['drop'],
      ]) {
        await expect(cli(args)).rejects.toThrow(UsageError);
      }
    });

    it('tells by a dry run what would be done, and does nothing', async () => {
      const output = await cli(['--pending', 'drop', '--dry-run']);
      expect(output).toMatch(/^What would be done:\n {2}\d+ users/);
      expect(output).toMatch(/^ {2}[1-9]\d* sessions end$/m);
      expect(output).toMatch(/^ {2}1 trusted devices end$/m);
      expect(output).toMatch(/^ {2}3 authenticator apps:/m);
      expect(output).toMatch(/^ {2}[1-9]\d* events .* are dropped$/m);
      expect((await world.client.get('/v1/me', { token: person.accessToken })).status).toBe(200);
      expect((await world.client.get('/health')).body).toMatchObject({ checks: { relay: 'held' } });
    });

    it('ends, once it is taken into use, all that it has revived, and tells nothing of before', async () => {
      const since = await enrolServedUser(world, serverOf(world.client, server.key));
      clock.advance(Date.now() - clock.now().getTime());
      const opened = await beginLogin(world, person);
      const output = await cli(['--pending', 'drop']);
      expect(output).toMatch(/^Done:\n/);
      expect(output).toContain(server.keyId);
      expect(output).toMatch(/users who were erased are back/);

      expect((await world.client.get('/v1/me', { token: person.accessToken })).status).toBe(401);
      const refreshed = await world.client.post('/v1/auth/refresh', { refreshToken: person.refreshToken });
      expect(refreshed.status).toBe(401);
      const verify = (challenge: { id: string; tempToken: string }, answer: object) =>
        world.client.post(`/v1/challenges/${challenge.id}/verify`, answer, { token: challenge.tempToken });
      expect((await verify(opened, { code: person.code() })).status, 'a challenge of before').toBe(401);
      const login = await passwordLogin(world, person, { deviceToken });
      expect(login.body, 'a trusted device of before').toMatchObject({ status: 'challenge_required' });
      const challenge = await beginLogin(world, person);
      for (const answer of [
        { code: person.code() },
        { code: person.code(1) },
        { code: person.backupCodes[0] },
      ]) {
        const refused = await verify(challenge, answer);
        expect(refused.status, JSON.stringify(answer)).toBeGreaterThanOrEqual(400);
        expect(refused.status).toBeLessThan(500);
      }

      await eventually(() => hears(since));
      await eventually(() => receiver.types()['factor.removed'] === 4);
      expect(hears(told)).toBe(false);
      expect(hears(pending)).toBe(false);
      expect(receiver.types()).toEqual({ 'two_factor.enabled': 1, 'factor.removed': 4 });
      expect((await world.client.get('/health')).body).toEqual({
        status: 'ok',
        checks: { database: 'ok', ephemeralStore: 'ok' },
      });
      clock.advance(90_000);
      expect((await verify(await beginLogin(world, person), { code: person.code() })).status).toBe(200);
      expect((await serverOf(world.client, server.key).get('/v1/users')).status, 'an API key').toBe(200);
    });

    it('is taken into use by the command that the guide shows', async () => {
      const documented = await clusters[1].database('documented');
      restore(documented);
      // One that cannot be opened answers nothing, and must not keep the rest from being taken into use.
      await sql(
        documented,
        `UPDATE factors SET secret = '\\x00' WHERE id IN (SELECT id FROM factors WHERE type = 'totp' LIMIT 1)`,
      );
      const output = runDocumented('after-restore', folder, {
        NEW_DATABASE_URL: documented,
        MASTER_KEY: masterKey,
        NODE_ENV: 'test',
      });
      expect(output).toMatch(/^Done:$/m);
      const [origin] = await sql(documented, 'SELECT held_since FROM database_origin');
      expect(origin).toEqual({ held_since: null });
    });

    it('sends what was pending where that is asked for, and revokes API keys', async () => {
      const again = await clusters[1].database('again');
      restore(again);
      restored = again;
      const other = await start(again);
      receiver.messages.length = 0;
      try {
        await cli(['--pending', 'send', '--revoke-keys']);
        await eventually(() => hears(pending));
        expect(hears(told)).toBe(false);
        // Other instances know a key for five seconds.
        clock.advance(6_000);
        expect((await serverOf(other.client, server.key).get('/v1/users')).status).toBe(401);
      } finally {
        await other.stop();
      }
    });
  },
);
