import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestApp, type TestApp } from '../factories/app.js';
import { activate, answer, enrolTotp, factorsOf, stepUp, wrongCode } from '../factories/factors.js';
import { type Person, register, registerWithTotp } from '../factories/people.js';

const MINUTE = 60_000;

describe('enrolling a factor', () => {
  let world: TestApp;
  beforeAll(async () => {
    world = await startTestApp();
  });
  afterAll(() => world.stop());

  const logInAgain = async ({ email, password }: Person): Promise<string> => {
    const { body } = await world.client.post('/v1/auth/login', { email, password });
    return body.accessToken as string;
  };

  const provePassword = async ({ password, accessToken: token }: Person): Promise<string> => {
    const { body } = await world.client.post('/v1/auth/step-up', { password }, { token });
    return body.accessToken as string;
  };

  it('shows secret, URI and QR code once, and lists the factor as pending without them', async () => {
    const { accessToken: token } = await register(world);
    const { status, body } = await world.client.post(
      '/v1/me/factors',
      { type: 'totp', label: 'My phone' },
      { token },
    );
    expect(status).toBe(201);
    expect(body).toMatchObject({
      id: expect.stringMatching(/^fac_/),
      type: 'totp',
      label: 'My phone',
      status: 'pending',
      isDefault: false,
      secret: expect.stringMatching(/^[A-Z2-7]{32}$/),
      otpauthUri: expect.stringMatching(/^otpauth:\/\/totp\//),
      qrCode: expect.stringMatching(/^data:image\/png;base64,/),
    });
    const listed = await world.client.get('/v1/me/factors', { token });
    expect(listed.body.data).toHaveLength(1);
    expect(JSON.stringify(listed.body)).not.toContain(body.secret);
    expect(Object.keys(listed.body.data[0]).sort()).toEqual(
      ['createdAt', 'hint', 'id', 'isDefault', 'label', 'lastUsedAt', 'lockedAt', 'status', 'type'].sort(),
    );
  });

  it('leaves the login as it was while the factor is pending', async () => {
    const person = await register(world);
    await enrolTotp(world, person.accessToken);
    const { email, password } = person;
    const login = await world.client.post('/v1/auth/login', { email, password });
    expect(login.body).toMatchObject({ status: 'authenticated' });
  });

  it('offers no pending factor in a challenge, and takes no answer for it', async () => {
    const person = await registerWithTotp(world);
    const pending = await enrolTotp(world, await stepUp(world, person));
    const { email, password } = person;
    const { body } = await world.client.post('/v1/auth/login', { email, password });
    expect((body.challenge.factors as { id: string }[]).map(({ id }) => id)).not.toContain(pending.id);
    const refused = await answer(
      world,
      { id: body.challenge.id, tempToken: body.tempToken },
      { factorId: pending.id, code: pending.code() },
    );
    expect(refused.status).toBe(404);
    expect(refused.body.code).toBe('not_found');
  });

  it('belongs to the session that began it', async () => {
    const person = await register(world);
    const other = await logInAgain(person);
    const pending = await enrolTotp(world, person.accessToken);
    const refused = await activate(world, other, pending.id, pending.code());
    expect(refused.status).toBe(404);
    expect((await activate(world, person.accessToken, pending.id, pending.code())).status).toBe(200);
  });

  it('belongs to its user: to anyone else it does not exist', async () => {
    const [one, other] = [await register(world), await register(world)];
    const pending = await enrolTotp(world, one.accessToken);
    expect((await activate(world, other.accessToken, pending.id, pending.code())).status).toBe(404);
    const removal = await world.client.delete(`/v1/me/factors/${pending.id}`, { token: other.accessToken });
    expect(removal.status).toBe(404);
    expect(await factorsOf(world, one.accessToken)).toHaveLength(1);
  });

  it('lives ten minutes: a right code is accepted just before and 410 after', async () => {
    const [early, late] = [await register(world), await register(world)];
    const [first, second] = [
      await enrolTotp(world, early.accessToken),
      await enrolTotp(world, late.accessToken),
    ];
    world.clock.advance(10 * MINUTE - 1);
    const inTime = await activate(world, await provePassword(early), first.id, first.code());
    expect(inTime.status).toBe(200);
    world.clock.advance(1);
    const token = await provePassword(late);
    const refused = await activate(world, token, second.id, second.code());
    expect(refused.status).toBe(410);
    expect(refused.body.code).toBe('enrolment_expired');
    expect(await factorsOf(world, token)).toEqual([]);
  });

  it('takes five tries; then even the right code is 410', async () => {
    const { accessToken: token } = await register(world);
    const pending = await enrolTotp(world, token);
    for (const attemptsLeft of [4, 3, 2, 1, 0]) {
      const wrong = await activate(world, token, pending.id, wrongCode(pending));
      expect(wrong.status).toBe(422);
      expect(wrong.body).toMatchObject({ code: 'answer_rejected', attemptsLeft });
    }
    const refused = await activate(world, token, pending.id, pending.code());
    expect(refused.status).toBe(410);
    expect(refused.body.code).toBe('enrolment_expired');
  });

  it('dies with the activation of another factor, and is neither listed nor counted any more', async () => {
    const { accessToken: token } = await register(world);
    const [first, second] = [await enrolTotp(world, token), await enrolTotp(world, token)];
    expect((await activate(world, token, first.id, first.code())).status).toBe(200);
    const listed = await factorsOf(world, token);
    expect(listed.map(({ type, status }) => `${type} ${status}`).sort()).toEqual([
      'backup_code active',
      'totp active',
    ]);
    world.clock.advance(30_000);
    const challenge = await world.client.post('/v1/auth/step-up', {}, { token });
    const proven = await answer(
      world,
      { id: challenge.body.challenge.id, tempToken: challenge.body.tempToken },
      { code: first.code() },
    );
    const refused = await activate(world, proven.body.accessToken, second.id, second.code());
    expect(refused.status).toBe(410);
  });

  it('cannot be activated twice', async () => {
    const { accessToken: token } = await register(world);
    const pending = await enrolTotp(world, token);
    await activate(world, token, pending.id, pending.code());
    world.clock.advance(30_000);
    const person = { code: pending.code, accessToken: token } as Parameters<typeof stepUp>[1];
    const again = await activate(world, await stepUp(world, person), pending.id, pending.code());
    expect(again.status).toBe(404);
  });

  it('refuses unknown types and unknown fields with 400, and changes nothing', async () => {
    const { accessToken: token } = await register(world);
    const bodies: [unknown, string][] = [
      [{ type: 'carrier_pigeon' }, 'type'],
      [{ type: 'TOTP' }, 'type'],
      [{ type: '__proto__' }, 'type'],
      [{}, 'type'],
      [{ type: 'totp', secret: 'GEZDGNBVGY3TQOJQ' }, 'secret'],
      [{ type: 'totp', digits: 8 }, 'digits'],
      [{ type: 'totp', status: 'active' }, 'status'],
      [{ type: 'totp', isDefault: true }, 'isDefault'],
      [{ type: 'totp', label: 'x'.repeat(101) }, 'label'],
      [{ type: 'totp', label: 'a\u0007b' }, 'label'],
    ];
    for (const [body, path] of bodies) {
      const refused = await world.client.post('/v1/me/factors', body, { token });
      expect(refused.status, JSON.stringify(body)).toBe(400);
      expect(refused.body.code).toBe('validation_failed');
      expect((refused.body.errors as { path: string }[]).map((error) => error.path)).toContain(path);
    }
    expect(await factorsOf(world, token)).toEqual([]);
  });

  it('refuses activation bodies that no answer fits with 400, at no cost of a try', async () => {
    const { accessToken: token } = await register(world);
    const pending = await enrolTotp(world, token);
    const code = pending.code();
    for (const body of [
      {},
      { code: 123456 },
      { code: [code] },
      { code: '12345' },
      { code, extra: 1 },
      [code],
    ]) {
      const refused = await world.client.post(`/v1/me/factors/${pending.id}/activate`, body, { token });
      expect(refused.status, JSON.stringify(body)).toBe(400);
    }
    const wrong = await activate(world, token, pending.id, wrongCode(pending));
    expect(wrong.body.attemptsLeft).toBe(4);
  });

  it('stops at twenty factors, of which those that are over do not count', async () => {
    const person = await register(world);
    const begin = (token: string) => world.client.post('/v1/me/factors', { type: 'totp' }, { token });
    for (let made = 0; made < 20; made += 1) expect((await begin(person.accessToken)).status).toBe(201);
    const refused = await begin(person.accessToken);
    expect(refused.status).toBe(409);
    expect(refused.body.code).toBe('conflict');
    world.clock.advance(10 * MINUTE);
    expect((await begin(await logInAgain(person))).status).toBe(201);
  });

  it('asks for a password proven in the last ten minutes', async () => {
    const person = await register(world);
    world.clock.advance(10 * MINUTE + 1_000);
    const refused = await world.client.post(
      '/v1/me/factors',
      { type: 'totp' },
      { token: person.accessToken },
    );
    expect(refused.status).toBe(403);
    expect(refused.body.code).toBe('step_up_required');
  });
});
