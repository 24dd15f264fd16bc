import { decodeProtectedHeader } from 'jose';
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Database, newId, rewrapDataKeys, Secret } from '@countersign/core';
import { type Command, UsageError } from '../../apps/api/src/cli/command.js';
import { rotateMasterKey } from '../../apps/api/src/cli/rotate-master-key.command.js';
import { rotateSigningKey } from '../../apps/api/src/cli/rotate-signing-key.command.js';
import { loadAppConfig } from '../../apps/api/src/config.js';
import { masterKeysFrom, newDataKey, wrapDataKey } from '../../libs/core/src/crypto/data-key.js';
import { expectProblem } from '../factories/accounts.js';
import { startTestApp, type TestApp } from '../factories/app.js';
import { freshDatabase } from '../factories/database.js';
import { logIn, type PersonWithTotp, register, registerWithTotp } from '../factories/people.js';
import { eventually } from '../factories/process.js';
import { sql } from '../factories/sql.js';

const key = (): string => randomBytes(32).toString('base64');

/** What a command says on a database. */
async function said(
  command: Command,
  { databaseUrl, masterKey }: { readonly databaseUrl: string; readonly masterKey: string },
  ...args: readonly string[]
): Promise<string[]> {
  const lines: string[] = [];
  const config = loadAppConfig({ NODE_ENV: 'test', DATABASE_URL: databaseUrl, MASTER_KEY: masterKey });
  await command({ args, config, say: (line) => lines.push(line) });
  return lines;
}

describe('the master key', () => {
  const [old, fresh] = [key(), key()];
  let databaseUrl: string;
  let world: TestApp;
  let person: PersonWithTotp;
  beforeAll(async () => {
    databaseUrl = await freshDatabase();
    world = await startTestApp({ databaseUrl, masterKey: old });
    person = await registerWithTotp(world);
    // Data keys of earlier days, as a deployment may have several.
    const [masterKey] = masterKeysFrom([old]);
    if (masterKey === undefined) throw new Error('no key');
    for (let nth = 0; nth < 2; nth += 1) {
      const id = newId(new Date(nth * 1_000));
      await sql(databaseUrl, `INSERT INTO data_keys (id, wrapped, created_at) VALUES ($1, $2, now())`, [
        id,
        wrapDataKey(masterKey, id, newDataKey()),
      ]);
    }
  });
  afterAll(() => world.stop());

  const starts = async (masterKey: string): Promise<void> => {
    const other = await startTestApp({ databaseUrl, masterKey, clock: world.clock });
    try {
      // The factor's secret opens.
      await logIn(other, person);
    } finally {
      await other.stop();
    }
  };

  it('that was rotated half way opens with both keys only, and goes on where it was', async () => {
    const engine = world.app.get(Database);
    const stop = new Error('killed');
    const masterKeys = [fresh, old].map((text) => new Secret(text));
    await expect(
      rewrapDataKeys(engine, masterKeys, () => {
        throw stop;
      }),
    ).rejects.toBe(stop);
    await starts(`${fresh},${old}`);
    await expect(starts(fresh)).rejects.toThrow('MASTER_KEY does not open this database');
    await expect(starts(old)).rejects.toThrow('MASTER_KEY does not open this database');
    // What runs goes on under the old one.
    await logIn(world, person);
  });

  it('is rotated by a command that says how far it is, once, by two at once, and harmlessly again', async () => {
    const both = { databaseUrl, masterKey: `${fresh},${old}` };
    const outputs = await Promise.all([said(rotateMasterKey, both), said(rotateMasterKey, both)]);
    const lines = outputs.flat();
    expect(lines.filter((line) => line.includes('wrapped anew'))).toHaveLength(2);
    expect(lines).toContain('3 of 3: is under the newest master key already');
    expect(await said(rotateMasterKey, both)).toEqual([
      '1 of 3: is under the newest master key already',
      '2 of 3: is under the newest master key already',
      '3 of 3: is under the newest master key already',
      'Nothing to do: everything is under the newest master key.',
      'Take the older ones out of MASTER_KEY now, on every instance.',
    ]);
    await starts(fresh);
    await expect(starts(old)).rejects.toThrow('MASTER_KEY does not open this database');
    await logIn(world, person);
  });

  it('is not rotated to one that opens nothing, nor with words it does not know', async () => {
    await expect(said(rotateMasterKey, { databaseUrl, masterKey: key() })).rejects.toThrow(
      'MASTER_KEY does not open this database',
    );
    const known = { databaseUrl, masterKey: fresh };
    await expect(said(rotateMasterKey, known, '--now')).rejects.toThrow(UsageError);
    await expect(said(rotateSigningKey, known, '--now')).rejects.toThrow(UsageError);
  });
});

describe('the signing key', () => {
  const masterKey = key();
  let databaseUrl: string;
  let worlds: readonly [TestApp, TestApp];
  beforeAll(async () => {
    databaseUrl = await freshDatabase();
    const first = await startTestApp({ databaseUrl, masterKey });
    worlds = [first, await startTestApp({ databaseUrl, masterKey, clock: first.clock })];
  });
  afterAll(async () => {
    await Promise.all(worlds.map((world) => world.stop()));
  });

  const rotate = (...args: readonly string[]): Promise<string[]> =>
    said(rotateSigningKey, { databaseUrl, masterKey }, ...args);
  const published = async ({ client }: TestApp): Promise<string[]> => {
    const { body } = await client.get('/.well-known/jwks.json');
    return (body.keys as { kid: string }[]).map(({ kid }) => kid);
  };
  const kidOf = (token: string): string => String(decodeProtectedHeader(token).kid);
  const signingOn = async (world: TestApp): Promise<string> => kidOf((await register(world)).accessToken);
  const me = async (token: string): Promise<number[]> =>
    Promise.all(worlds.map(async ({ client }) => (await client.get('/v1/me', { token })).status));
  const onBoth = (holds: (world: TestApp) => Promise<boolean>): Promise<void> =>
    eventually(async () => (await Promise.all(worlds.map(holds))).every(Boolean));

  it('is published on every instance before it signs, and nobody is logged out', async () => {
    const person = await register(worlds[0]);
    const old = kidOf(person.accessToken);
    const [line = ''] = await rotate();
    const fresh = /^The key (\S+) is published now/.exec(line)?.[1] ?? '';
    expect(await rotate()).toEqual([expect.stringContaining(`under way: the key ${fresh} signs from`)]);
    await onBoth(async (world) => (await published(world)).includes(fresh));
    expect(await Promise.all(worlds.map(signingOn))).toEqual([old, old]);
    // Ten minutes later.
    await sql(databaseUrl, `UPDATE signing_keys SET signs_from = now() WHERE kid = $1`, [fresh]);
    await sql(databaseUrl, `UPDATE signing_keys SET retired_at = now() WHERE kid = $1`, [old]);
    await onBoth(async (world) => (await signingOn(world)) === fresh);
    expect(await me(person.accessToken)).toEqual([200, 200]);
    const { refreshToken } = person;
    const { body } = await worlds[1].client.post('/v1/auth/refresh', { refreshToken });
    expect(kidOf(body.accessToken as string)).toBe(fresh);
    expect(await me(body.accessToken as string)).toEqual([200, 200]);
    // A week after, what it signed is long over.
    await sql(databaseUrl, `UPDATE signing_keys SET retired_at = now() - interval '8 days' WHERE kid = $1`, [
      old,
    ]);
    await onBoth(async (world) => !(await published(world)).includes(old));
  });

  it('that is compromised is gone within seconds everywhere, and sessions go on by refresh', async () => {
    const person = await register(worlds[0]);
    const old = kidOf(person.accessToken);
    // Both have seen its signature, and remember that it was right.
    expect(await me(person.accessToken)).toEqual([200, 200]);
    const [line = ''] = await rotate('--compromised');
    const fresh = /^The key (\S+) signs now, and the others are gone\.$/.exec(line)?.[1] ?? '';
    await onBoth(async (world) => (await published(world)).join() === fresh);
    for (const { client } of worlds) {
      expectProblem(await client.get('/v1/me', { token: person.accessToken }), 401, 'invalid_token');
    }
    const { refreshToken } = person;
    const { body } = await worlds[1].client.post('/v1/auth/refresh', { refreshToken });
    expect(kidOf(body.accessToken as string)).toBe(fresh);
    expect(await me(body.accessToken as string)).toEqual([200, 200]);
    expect(await sql(databaseUrl, `SELECT id FROM signing_keys WHERE kid = $1`, [old])).toEqual([]);
  });
});
