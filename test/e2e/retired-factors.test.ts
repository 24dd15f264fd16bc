import { TestClock } from '@countersign/core';
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { UsageError } from '../../apps/api/src/cli/command.js';
import { factors } from '../../apps/api/src/cli/factors.command.js';
import { loadAppConfig } from '../../apps/api/src/config.js';
import { startTestApp, type TestApp } from '../factories/app.js';
import type { Answer } from '../factories/client.js';
import { addTotp, answer, factorsOf, stepUp } from '../factories/factors.js';
import { beginLogin, type Person, type PersonWithTotp, registerWithTotp } from '../factories/people.js';
import { CLI, runProcess } from '../factories/process.js';
import { enrolServedUser, makeServer, type ServedUser, type Server } from '../factories/servers.js';
import { eventsOf, sql, uuidOf } from '../factories/sql.js';

const RETIRED = 'carrier_pigeon';

describe('a factor type whose provider is gone', () => {
  const masterKey = randomBytes(32).toString('base64');
  const clock = new TestClock(new Date());
  let before: TestApp;
  let world: TestApp;
  let server: Server;
  /** Has nothing else, and used up every backup code. */
  let bare: PersonWithTotp;
  /** Has backup codes. */
  let prepared: PersonWithTotp;
  /** Has an authenticator app as well. */
  let equipped: PersonWithTotp & { readonly appCode: () => string };
  let served: ServedUser;

  beforeAll(async () => {
    before = await startTestApp({ masterKey, clock, redis: false });
    server = await makeServer(before);
    bare = await registerWithTotp(before);
    prepared = await registerWithTotp(before);
    const person = await registerWithTotp(before);
    const second = await addTotp(before, await stepUp(before, person));
    equipped = { ...person, appCode: second.code };
    served = await enrolServedUser(before, server);
    const { databaseUrl } = before;
    await sql(databaseUrl, `UPDATE factors SET type = $1 WHERE type = 'totp' AND id <> $2`, [
      RETIRED,
      uuidOf(second.id),
    ]);
    await sql(databaseUrl, `DELETE FROM factors WHERE type = 'backup_code' AND user_id = ANY ($1::uuid[])`, [
      [uuidOf(bare.id)],
    ]);
    await sql(
      databaseUrl,
      `DELETE FROM factors USING users
        WHERE users.id = user_id AND users.external_id = $1 AND type = 'backup_code'`,
      [served.externalId],
    );
    world = await startTestApp({
      masterKey,
      clock,
      databaseUrl,
      redis: false,
      env: { FACTORS_RETIRED: RETIRED },
    });
  });
  afterAll(async () => {
    await world.stop();
    await before.stop();
  });

  const logIn = ({ email, password }: Person): Promise<Answer> =>
    world.client.post('/v1/auth/login', { email, password });
  const served423 = async (path: string, body: object): Promise<unknown> => {
    const { status, body: problem } = await world.client.post(path, body, {
      headers: { 'x-api-key': server.key },
    });
    return [status, problem.code];
  };
  const locked = [423, 'factor_locked'];

  it('never lets a user in without it: 423 where there is nothing else', async () => {
    const login = await logIn(bare);
    expect([login.status, login.body.code]).toEqual(locked);
    expect(login.body.accessToken).toBeUndefined();
    const stepped = await world.client.post('/v1/auth/step-up', {}, { token: bare.accessToken });
    expect([stepped.status, stepped.body.code]).toEqual(locked);
    const { password } = bare;
    const byPassword = await world.client.post('/v1/auth/step-up', { password }, { token: bare.accessToken });
    expect([byPassword.status, byPassword.body.code]).toEqual(locked);
  });

  it('answers servers 423 too, and never 409 not_enrolled', async () => {
    const { externalId: user, factorId } = served;
    expect(await served423('/v1/challenges', { user })).toEqual(locked);
    expect(await served423('/v1/challenges', { user, factorId })).toEqual(locked);
    const verify = `/v1/users/${user}/verify`;
    expect(await served423(verify, { code: served.code() })).toEqual(locked);
    expect(await served423(verify, { code: served.code(), factorId })).toEqual(locked);
  });

  it('asks for a backup code where there is one, and for nothing else', async () => {
    const { body } = await logIn(prepared);
    expect(body.challenge.factors).toMatchObject([{ type: 'backup_code' }]);
    const challenge = { id: body.challenge.id as string, tempToken: body.tempToken as string };
    const wrong = await answer(world, challenge, { code: prepared.code() });
    expect([wrong.status, wrong.body.code], 'a code of the retired factor').toEqual([422, 'answer_rejected']);
    expect((await answer(world, challenge, { code: prepared.backupCodes[0] })).status).toBe(200);
  });

  it('asks for another factor where there is one, though the retired one is the default', async () => {
    const { body } = await logIn(equipped);
    const types = (body.challenge.factors as { type: string }[]).map(({ type }) => type);
    expect(types.sort()).toEqual(['backup_code', 'totp']);
    const challenge = { id: body.challenge.id as string, tempToken: body.tempToken as string };
    expect((await answer(world, challenge, { code: equipped.appCode() })).status).toBe(200);
    clock.advance(30_000);
  });

  it('is listed, takes no enrolment, and cannot be made the default again', async () => {
    const { accessToken: token } = equipped;
    const [retired] = (await factorsOf(world, token)).filter(({ type }) => type === RETIRED);
    expect(retired).toMatchObject({ status: 'active', isDefault: true });
    const types = (await world.client.get('/v1/factor-types', { token })).body.data as { type: string }[];
    expect(types.map(({ type }) => type)).not.toContain(RETIRED);
    expect((await server.post(`/v1/users/${served.externalId}/factors`, { type: RETIRED })).status).toBe(400);
    const path = `/v1/users/${equipped.id}/factors/${retired?.id ?? ''}`;
    const preferred = await world.client.patch(
      path,
      { isDefault: true },
      { headers: { 'x-api-key': server.key } },
    );
    expect(preferred.status).toBe(409);
  });

  it('can be removed one by one, which hands over to what is left', async () => {
    const user = await enrolServedUser(before, server);
    await sql(world.databaseUrl, `UPDATE factors SET type = $1 WHERE id = $2`, [
      RETIRED,
      uuidOf(user.factorId),
    ]);
    const headers = { 'x-api-key': server.key };
    const path = `/v1/users/${user.externalId}/factors`;
    expect((await world.client.delete(`${path}/${user.factorId}`, { headers })).status).toBe(204);
    expect((await world.client.get(path, { headers })).body.data, 'backup codes are gone too').toEqual([]);
    expect(await served423('/v1/challenges', { user: user.externalId })).toEqual([409, 'not_enrolled']);
  });

  describe('and the command “factors remove”', () => {
    const env = (): Record<string, string> => ({
      NODE_ENV: 'test',
      DATABASE_URL: world.databaseUrl,
      MASTER_KEY: masterKey,
      FACTORS_ENABLED: `totp,${RETIRED}`,
    });
    const run = async (...args: string[]): Promise<string> => {
      const lines: string[] = [];
      await factors({ args, config: loadAppConfig(env()), say: (line) => lines.push(line) });
      return lines.join('\n');
    };

    it('tells what it would do, and does nothing', async () => {
      const told = await run('remove', '--type', RETIRED, '--dry-run');
      expect(told).toBe(
        '4 factors of 4 users would be removed; 3 users would have no second factor then, and no backup codes.',
      );
      expect(JSON.parse(await run('remove', '--type', RETIRED, '--dry-run', '--json'))).toEqual({
        type: RETIRED,
        dryRun: true,
        factors: 4,
        users: 4,
        usersLeftWithout: 3,
      });
      expect(await run('remove', '--type', 'unheard_of')).toBe('There are no factors of this type.');
      expect((await logIn(bare)).status).toBe(423);
    });

    it.each([[[]], [['list']], [['remove']], [['remove', '--type', 'hunter2-Secret']], [['remove', 'x']]])(
      'does not understand %j, and does not repeat it',
      async (args) => {
        const refusal: unknown = await run(...args).catch((error: unknown) => error);
        expect(refusal).toBeInstanceOf(UsageError);
        expect((refusal as Error).message).not.toContain('hunter2');
      },
    );

    it('removes them as their users could, without the module that provided them', async () => {
      const ending = await runProcess({
        command: [process.execPath, CLI],
        args: ['factors', 'remove', '--type', RETIRED],
        env: { ...env(), FACTOR_MODULES: './not-there-any-more.js' },
      });
      expect(ending.code, ending.output).toBe(0);
      expect(ending.output).toContain('The command goes on without it.');
      expect(ending.output).toContain('4 factors of 4 users removed; 3 users have no second factor then');

      expect(await logIn(bare)).toMatchObject({ status: 200, body: { status: 'authenticated' } });
      expect(await logIn(prepared), 'backup codes go with the last factor').toMatchObject({
        body: { status: 'authenticated' },
      });
      const login = await beginLogin(world, equipped);
      expect((await answer(world, login, { code: equipped.appCode() })).status).toBe(200);
      const gone = await world.client.get('/v1/me', { token: bare.accessToken });
      expect(gone.status, 'sessions ended').toBe(401);
      const types = (await eventsOf(world.databaseUrl, bare.id)).map(({ type, data }) =>
        type === 'factor.removed' ? `${type} ${String(data['factorType'])}` : type,
      );
      expect(types).toEqual(
        expect.arrayContaining([`factor.removed ${RETIRED}`, 'two_factor.disabled', 'session.revoked']),
      );
      const left = await sql(world.databaseUrl, `SELECT id FROM factors WHERE type = $1`, [RETIRED]);
      expect(left).toEqual([]);
      const { databaseUrl } = world;
      const after = await startTestApp({ masterKey, databaseUrl, redis: false });
      await after.stop();
    });
  });
});
