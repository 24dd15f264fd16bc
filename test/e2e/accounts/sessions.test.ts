import { decodeJwt } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectProblem, passwordLogin, setStatus } from '../../factories/accounts.js';
import { startTestApp, type TestApp } from '../../factories/app.js';
import { logIn, type Person, register, registerWithTotp } from '../../factories/people.js';
import { eventsOf, sql, uuidOf } from '../../factories/sql.js';

interface ListedSession {
  readonly id: string;
  readonly current: boolean;
  readonly lastUsedAt: string;
}

const sessionOf = (accessToken: string): string => String(decodeJwt(accessToken)['sid']);

describe('sessions', () => {
  let world: TestApp;
  beforeAll(async () => {
    world = await startTestApp();
  });
  afterAll(() => world.stop());

  const open = async (person: Person): Promise<Person> => {
    const { body } = await passwordLogin(world, person);
    return { ...person, accessToken: body.accessToken, refreshToken: body.refreshToken };
  };
  const list = async (
    token: string,
    query = '',
  ): Promise<{ data: ListedSession[]; nextCursor: string | null }> => {
    const { status, body } = await world.client.get(`/v1/auth/sessions${query}`, { token });
    expect(status).toBe(200);
    return body;
  };
  const expectEnded = async ({ accessToken, refreshToken }: Person): Promise<void> => {
    expectProblem(await world.client.get('/v1/me', { token: accessToken }), 401, 'invalid_token');
    expectProblem(await world.client.post('/v1/auth/refresh', { refreshToken }), 401, 'invalid_token');
  };
  const expectAlive = async ({ accessToken }: Person): Promise<void> => {
    expect((await world.client.get('/v1/me', { token: accessToken })).status).toBe(200);
  };

  it('are listed oldest first with where they came from, and which one asks', async () => {
    const person = await register(world);
    world.clock.advance(1_000);
    const headers = { 'user-agent': 'Phone/1.0 (test)' };
    const login = await passwordLogin(world, person, {}, headers);
    const { data, nextCursor } = await list(login.body.accessToken);
    expect(nextCursor).toBeNull();
    expect(data.map(({ id, current }) => [id, current])).toEqual([
      [sessionOf(person.accessToken), false],
      [sessionOf(login.body.accessToken), true],
    ]);
    const now = world.clock.now();
    expect(data[1]).toEqual({
      id: sessionOf(login.body.accessToken),
      current: true,
      createdAt: now.toISOString(),
      lastUsedAt: now.toISOString(),
      expiresAt: new Date(now.getTime() + 7 * 24 * 60 * 60_000).toISOString(),
      ip: '127.0.0.1',
      userAgent: 'Phone/1.0 (test)',
      amr: ['pwd'],
    });
  });

  it('keep of a user agent 512 characters without control characters', async () => {
    const person = await register(world);
    const headers = { 'user-agent': `a\tb${'x'.repeat(600)}` };
    const login = await passwordLogin(world, person, {}, headers);
    const { data } = await list(login.body.accessToken);
    expect(data[1]).toMatchObject({ userAgent: `ab${'x'.repeat(510)}` });
  });

  it('show when they were used last, which is when they were refreshed', async () => {
    const person = await register(world);
    world.clock.advance(60_000);
    const { body } = await world.client.post('/v1/auth/refresh', { refreshToken: person.refreshToken });
    const { data } = await list(body.accessToken);
    expect(data[0]?.lastUsedAt).toBe(world.clock.now().toISOString());
  });

  it('come in pages that together hold each session once', async () => {
    const person = await register(world);
    for (let more = 0; more < 4; more += 1) await passwordLogin(world, person);
    const all = await list(person.accessToken);
    expect(all.data).toHaveLength(5);
    const seen: string[] = [];
    let cursor: string | null = null;
    const sizes: number[] = [];
    do {
      const page = await list(person.accessToken, `?limit=2${cursor === null ? '' : `&cursor=${cursor}`}`);
      sizes.push(page.data.length);
      seen.push(...page.data.map(({ id }) => id));
      cursor = page.nextCursor;
    } while (cursor !== null);
    expect(sizes).toEqual([2, 2, 1]);
    expect(seen).toEqual(all.data.map(({ id }) => id));
  });

  it.each(['limit=0', 'limit=101', 'limit=two', 'limit=1.5', 'cursor=made-up', 'page=2'])(
    'refuse the query ?%s',
    async (query) => {
      const { accessToken } = await register(world);
      const answer = await world.client.get(`/v1/auth/sessions?${query}`, { token: accessToken });
      expectProblem(answer, 400, 'validation_failed');
      expect(answer.body.errors[0].path).toBe(query.split('=')[0]);
    },
  );

  it('end with logout, at once and alone', async () => {
    const here = await register(world);
    const there = await open(here);
    const answer = await world.client.post('/v1/auth/logout', undefined, { token: here.accessToken });
    expect(answer.status).toBe(204);
    expect(answer.body).toBeUndefined();
    await expectEnded(here);
    await expectAlive(there);
    expect(await eventsOf(world.databaseUrl, here.id, 'session.revoked')).toEqual([
      {
        type: 'session.revoked',
        data: { sessionId: sessionOf(here.accessToken), reason: 'logout' },
      },
    ]);
  });

  it('can be ended one by one, each once', async () => {
    const here = await register(world);
    const [there, third] = [await open(here), await open(here)];
    const path = `/v1/auth/sessions/${sessionOf(there.accessToken)}`;
    expect((await world.client.delete(path, { token: here.accessToken })).status).toBe(204);
    await expectEnded(there);
    await expectAlive(here);
    await expectAlive(third);
    expectProblem(await world.client.delete(path, { token: here.accessToken }), 404, 'not_found');
    expect((await list(here.accessToken)).data).toHaveLength(2);
  });

  it('can be ended all but this one', async () => {
    const here = await register(world);
    const others = [await open(here), await open(here)];
    const answer = await world.client.delete('/v1/auth/sessions', { token: here.accessToken });
    expect(answer.status).toBe(204);
    for (const other of others) await expectEnded(other);
    await expectAlive(here);
    expect((await list(here.accessToken)).data).toHaveLength(1);
    expect(await eventsOf(world.databaseUrl, here.id, 'session.revoked')).toHaveLength(2);
  });

  it('of somebody else are as if absent', async () => {
    const [one, other] = [await register(world), await register(world)];
    const foreign = sessionOf(other.accessToken);
    const absent = `ses_${'0'.repeat(26)}`;
    for (const id of [foreign, absent, 'nonsense', foreign.toUpperCase(), foreign.replace('ses', 'dev')]) {
      const answer = await world.client.delete(`/v1/auth/sessions/${id}`, { token: one.accessToken });
      expectProblem(answer, 404, 'not_found');
    }
    await expectAlive(other);
    await world.client.delete('/v1/auth/sessions', { token: one.accessToken });
    await expectAlive(other);
    expect((await list(one.accessToken)).data.map(({ id }) => id)).toEqual([sessionOf(one.accessToken)]);
  });

  it('stop working at once with the suspension of their user', async () => {
    const person = await register(world);
    await setStatus(world, person.email, 'suspended');
    await expectEnded(person);
  });

  it('stop working at once with a new security epoch of their user', async () => {
    const person = await register(world);
    const bump = 'UPDATE users SET security_epoch = security_epoch + 1 WHERE id = $1';
    await sql(world.databaseUrl, bump, [uuidOf(person.id)]);
    await expectEnded(person);
  });

  it('with a second factor say how they were proven', async () => {
    const person = await registerWithTotp(world);
    const { accessToken } = await logIn(world, person);
    const { data } = await list(accessToken);
    expect(data.at(-1)).toMatchObject({ amr: ['pwd', 'otp', 'mfa'] });
  });

  it('end but for the one that did it when a factor is removed', async () => {
    const person = await registerWithTotp(world);
    const [here, there] = [await logIn(world, person), await logIn(world, person)];
    const path = `/v1/me/factors/${person.factorId}`;
    expect((await world.client.delete(path, { token: here.accessToken })).status).toBe(204);
    await expectAlive({ ...person, ...here });
    await expectEnded({ ...person, ...there });
    await expectEnded(person);
  });
});
