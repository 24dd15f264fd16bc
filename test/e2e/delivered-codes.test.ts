import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestApp, type TestApp } from '../factories/app.js';
import { expectProblem } from '../factories/accounts.js';
import {
  addCodeFactor,
  enrolCodes,
  inScript,
  messagesTo,
  mobileNumber,
  newestCode,
  otherCode,
  sendCode,
} from '../factories/codes.js';
import { activate, addTotp, answer, beginStepUp, factorsOf, stepUp } from '../factories/factors.js';
import { beginLogin, type Person, register, registerWithTotp } from '../factories/people.js';
import { eventsOf, sql, uuidOf } from '../factories/sql.js';

const MINUTE = 60_000;

describe('a factor whose codes are sent', () => {
  let world: TestApp;
  beforeAll(async () => {
    world = await startTestApp({ env: { RATE_LIMIT_SEND: '5/1h' } });
  });
  afterAll(() => world.stop());

  describe('at its enrolment', () => {
    it('is pending, and shows where the code went but not the number', async () => {
      const person = await register(world);
      const phoneNumber = mobileNumber();
      const { status, body } = await enrolCodes(world, person.accessToken, { phoneNumber });
      expect(status).toBe(201);
      const masked = `+44•••••••${phoneNumber.slice(-2)}`;
      expect(body).toMatchObject({
        type: 'sms',
        status: 'pending',
        hint: masked,
        sentTo: masked,
        resendAfter: 60,
      });
      expect(JSON.stringify(body)).not.toContain(phoneNumber.slice(3));
    });

    it('is activated by its code, with backup codes where it is the first', async () => {
      const person = await register(world);
      const phoneNumber = mobileNumber();
      const { body } = await enrolCodes(world, person.accessToken, { phoneNumber });
      const code = newestCode(world, phoneNumber);
      const wrong = await activate(world, person.accessToken, body.id, otherCode(code));
      expectProblem(wrong, 422, 'answer_rejected');
      const activated = await activate(world, person.accessToken, body.id, code);
      expect(activated.status).toBe(200);
      expect(activated.body).toMatchObject({ factor: { status: 'active', isDefault: true } });
      expect(activated.body.backupCodes).toHaveLength(10);
    });

    it("takes the account's own address where none is named", async () => {
      const person = await register(world);
      const { status, body } = await world.client.post(
        '/v1/me/factors',
        { type: 'email' },
        { token: person.accessToken },
      );
      expect(status).toBe(201);
      expect(body.sentTo).toMatch(/^p•••@e•••\.com$/);
      const activated = await activate(world, person.accessToken, body.id, newestCode(world, person.email));
      expect(activated.status).toBe(200);
    });

    it('reads a number however it is written, as one number', async () => {
      const person = await register(world);
      const { status } = await enrolCodes(world, person.accessToken, { phoneNumber: ' +44 (7400) 900-123 ' });
      expect(status).toBe(201);
      expect(newestCode(world, '+447400900123')).toMatch(/^\d{6}$/);
      const other = await register(world);
      const pasted = { phoneNumber: '\u202a00٤٤\u00a07400/900\u2011124\u202c' };
      const { body } = await enrolCodes(world, other.accessToken, pasted);
      const code = newestCode(world, '+447400900124');
      const spelled = `\u2068${inScript(code, '\u0966')}\u2069`;
      expect((await activate(world, other.accessToken, body.id, spelled)).status).toBe(200);
    });

    it.each(['', '12345', '+', '+44', '07400900123', '+44 7400 900 123 x5', 'not a number', null, 44])(
      'refuses %j as a number',
      async (phoneNumber) => {
        const person = await register(world);
        const { accessToken: token } = person;
        const refused = await world.client.post('/v1/me/factors', { type: 'sms', phoneNumber }, { token });
        expectProblem(refused, 400, 'validation_failed');
        expect(refused.body.errors[0].path).toBe('phoneNumber');
        expect(await factorsOf(world, token)).toEqual([]);
      },
    );

    it.each([
      '',
      'nobody',
      'a@b',
      'a@b.c\r\nBcc: all@example.com',
      'a@b.com, c@d.com',
      `${'a'.repeat(250)}@example.com`,
    ])('refuses %j as an address', async (email) => {
      const person = await register(world);
      expectProblem(await enrolCodes(world, person.accessToken, { email }), 400, 'validation_failed');
    });

    it('sends another code after a minute, which takes the place of the first', async () => {
      const person = await register(world);
      const { accessToken: token } = person;
      const phoneNumber = mobileNumber();
      const { body } = await enrolCodes(world, token, { phoneNumber });
      const first = newestCode(world, phoneNumber);
      const again = (): ReturnType<typeof world.client.post> =>
        world.client.post(`/v1/me/factors/${body.id}/send`, undefined, { token });
      const early = await again();
      expectProblem(early, 429, 'rate_limited');
      expect(early.body.reason).toBe('resend_too_soon');
      expect(Number(early.headers.get('retry-after'))).toBeLessThanOrEqual(60);
      world.clock.advance(MINUTE);
      const sent = await again();
      expect(sent.status).toBe(202);
      expect(sent.body).toEqual({ sentTo: body.sentTo, resendAfter: 60 });
      const second = newestCode(world, phoneNumber);
      if (first !== second)
        expectProblem(await activate(world, token, body.id, first), 422, 'answer_rejected');
      expect((await activate(world, token, body.id, second)).status).toBe(200);
    });

    it('is over after ten minutes, and its code after five', async () => {
      const person = await register(world);
      const { accessToken: token } = person;
      const phoneNumber = mobileNumber();
      const { body } = await enrolCodes(world, token, { phoneNumber });
      const code = newestCode(world, phoneNumber);
      world.clock.advance(5 * MINUTE);
      expectProblem(await activate(world, token, body.id, code), 422, 'answer_rejected');
      world.clock.advance(5 * MINUTE);
      expectProblem(
        await world.client.post(`/v1/me/factors/${body.id}/send`, {}, { token }),
        410,
        'enrolment_expired',
      );
    });

    it('belongs to the session that began it', async () => {
      const person = await register(world);
      const { body } = await enrolCodes(world, person.accessToken, { phoneNumber: mobileNumber() });
      const other = await world.client.post('/v1/auth/login', {
        email: person.email,
        password: person.password,
      });
      world.clock.advance(MINUTE);
      const refused = await world.client.post(
        `/v1/me/factors/${body.id}/send`,
        {},
        { token: other.body.accessToken },
      );
      expectProblem(refused, 404, 'not_found');
    });

    it('sends nothing for an authenticator app', async () => {
      const person = await register(world);
      const { accessToken: token } = person;
      const { body } = await world.client.post('/v1/me/factors', { type: 'totp' }, { token });
      expectProblem(
        await world.client.post(`/v1/me/factors/${body.id}/send`, {}, { token }),
        409,
        'conflict',
      );
    });
  });

  describe('at a login', () => {
    it('is sent a code at once where it is the only one', async () => {
      const person = await register(world);
      const factor = await addCodeFactor(world, person);
      const { body } = await world.client.post('/v1/auth/login', {
        email: person.email,
        password: person.password,
      });
      expect(body.challenge.sent).toEqual({
        factorId: factor.id,
        to: expect.stringContaining('•'),
        resendAfter: 60,
      });
      const challenge = { id: body.challenge.id as string, tempToken: body.tempToken as string };
      const { status, body: tokens } = await answer(world, challenge, { code: newestCode(world, factor.to) });
      expect(status).toBe(200);
      const me = await world.client.get('/v1/me', { token: tokens.accessToken });
      expect(me.status).toBe(200);
      const types = (await eventsOf(world.databaseUrl, person.id)).map(({ type }) => type);
      expect(types.filter((type) => type === 'challenge.sent')).toHaveLength(2);
      expect(types).toContain('challenge.verified');
    });

    it('is sent one on demand where there are others; without a factor id the answer is for it', async () => {
      const person = await registerWithTotp(world);
      const factor = await addCodeFactor(world, { accessToken: await stepUp(world, person) });
      const sentBefore = messagesTo(world, factor.to);
      const challenge = await beginLogin(world, person);
      expect(messagesTo(world, factor.to)).toBe(sentBefore);
      const { status, body } = await sendCode(world, challenge, factor.id);
      expect(status).toBe(202);
      expect(body).toEqual({
        sent: { factorId: factor.id, to: expect.stringContaining('•'), resendAfter: 60 },
      });
      expectProblem(await answer(world, challenge, { code: person.code() }), 422, 'answer_rejected');
      expect((await answer(world, challenge, { code: newestCode(world, factor.to) })).status).toBe(200);
    });

    it('takes a backup code instead', async () => {
      const person = await registerWithTotp(world);
      const factor = await addCodeFactor(world, { accessToken: await stepUp(world, person) });
      const challenge = await beginLogin(world, person);
      await sendCode(world, challenge, factor.id);
      expect((await answer(world, challenge, { code: person.backupCodes[0] })).status).toBe(200);
    });

    it('takes a code spelled with blanks and dashes, once', async () => {
      const { person, factor } = await somebody();
      const challenge = await beginLogin(world, person);
      const code = newestCode(world, factor.to);
      const spelled = ` ${code.slice(0, 3)}-${code.slice(3)} `;
      expect((await answer(world, challenge, { code: spelled })).status).toBe(200);
      expectProblem(await answer(world, challenge, { code }), 410, 'challenge_closed');
    });

    it('takes a code in any spelling, once', async () => {
      const person = await register(world);
      const { to } = await addCodeFactor(world, person);
      const challenge = await beginLogin(world, person);
      const code = newestCode(world, to);
      for (const [spelled, status] of [
        [inScript(otherCode(code), '\u0660'), 422],
        [inScript(code, '\u0660'), 200],
        [code, 410],
        [inScript(code, '\uff10'), 410],
        [`\u200e${code.slice(0, 3)}\u2011${code.slice(3)}`, 410],
      ] as const) {
        expect((await answer(world, challenge, { code: spelled })).status, spelled).toBe(status);
      }
    });

    it('names the factor that was asked where a code is malformed', async () => {
      const person = await register(world);
      await addCodeFactor(world, person);
      const refused = await answer(world, await beginLogin(world, person), { code: '12345' });
      expectProblem(refused, 400, 'validation_failed');
      expect(refused.body.errors).toEqual([{ path: 'code', message: 'sms: must be a code of 6 digits' }]);
    });

    it('stops at five wrong codes, whatever comes then', async () => {
      const { person, factor } = await somebody();
      const challenge = await beginLogin(world, person);
      const code = newestCode(world, factor.to);
      for (const attemptsLeft of [4, 3, 2, 1, 0]) {
        const wrong = await answer(world, challenge, { code: otherCode(code) });
        expectProblem(wrong, 422, 'answer_rejected');
        expect(wrong.body.attemptsLeft).toBe(attemptsLeft);
      }
      expectProblem(await answer(world, challenge, { code }), 410, 'challenge_closed');
    });

    it('has a code for five minutes', async () => {
      const person = await registerWithTotp(world);
      const factor = await addCodeFactor(world, { accessToken: await stepUp(world, person) });
      const challenge = await beginLogin(world, person);
      await sendCode(world, challenge, factor.id);
      const code = newestCode(world, factor.to);
      world.clock.advance(5 * MINUTE);
      expectProblem(await answer(world, challenge, { code }), 410, 'challenge_closed');
    });

    it('without a code that was sent accepts none', async () => {
      const person = await registerWithTotp(world);
      const factor = await addCodeFactor(world, { accessToken: await stepUp(world, person) });
      const enrolmentCode = newestCode(world, factor.to);
      const challenge = await beginLogin(world, person);
      const refused = await answer(world, challenge, { factorId: factor.id, code: enrolmentCode });
      expectProblem(refused, 422, 'answer_rejected');
    });
  });

  describe('sends', () => {
    it('one a minute for a challenge, whichever of its factors', async () => {
      const person = await registerWithTotp(world);
      const token = await stepUp(world, person);
      const [phone, mail] = [
        await addCodeFactor(world, { accessToken: token }),
        await addCodeFactor(world, { accessToken: await stepUp(world, person) }, `second-${person.email}`),
      ];
      const challenge = await beginLogin(world, person);
      expect((await sendCode(world, challenge, phone.id)).status).toBe(202);
      expectProblem(await sendCode(world, challenge, mail.id), 429, 'rate_limited');
      world.clock.advance(MINUTE);
      expect((await sendCode(world, challenge, mail.id)).status).toBe(202);
      const codes = { phone: newestCode(world, phone.to), mail: newestCode(world, mail.to) };
      if (codes.phone !== codes.mail) {
        const crossed = await answer(world, challenge, { factorId: phone.id, code: codes.mail });
        expectProblem(crossed, 422, 'answer_rejected');
      }
      expect((await answer(world, challenge, { code: codes.mail })).status).toBe(200);
    });

    it('five an hour for a user, and a login goes on without', async () => {
      const { person, factor } = await somebody();
      for (let sends = 1; sends < 5; sends += 1) await beginLogin(world, person);
      const { status, body, headers } = await world.client.post('/v1/auth/login', {
        email: person.email,
        password: person.password,
      });
      expect(status).toBe(200);
      expect(body.challenge.sent).toBeUndefined();
      expect(headers.get('ratelimit')).not.toContain('send');
      const refused = await sendCode(world, { id: body.challenge.id, tempToken: body.tempToken }, factor.id);
      expectProblem(refused, 429, 'rate_limited');
      expect(refused.body.reason).toBe('user_limit');
      expect(refused.headers.get('ratelimit')).toMatch(/^"send";r=0;t=\d+$/);
      world.clock.advance(60 * MINUTE);
      await beginLogin(world, person);
      expect(messagesTo(world, factor.to)).toBe(6);
    });

    it('nothing to a stranger to the challenge, for an unknown factor, or for an answered challenge', async () => {
      const { person, factor } = await somebody();
      const other = await somebody();
      const challenge = await beginLogin(world, person);
      const theirs = await beginLogin(world, other.person);
      const crossed = { id: challenge.id, tempToken: theirs.tempToken };
      expectProblem(await sendCode(world, crossed, factor.id), 401, 'invalid_token');
      expectProblem(await sendCode(world, challenge, other.factor.id), 404, 'not_found');
      expectProblem(await sendCode(world, challenge, 'fac_'), 404, 'not_found');
      const withAccessToken = await world.client.post(
        `/v1/challenges/${challenge.id}/send`,
        { factorId: factor.id },
        { token: person.accessToken },
      );
      expectProblem(withAccessToken, 401, 'invalid_token');
      await answer(world, challenge, { code: newestCode(world, factor.to) });
      world.clock.advance(MINUTE);
      expectProblem(await sendCode(world, challenge, factor.id), 410, 'challenge_closed');
    });

    it('nothing for a locked factor', async () => {
      const { person, factor } = await somebody();
      const challenge = await beginLogin(world, person);
      const before = messagesTo(world, factor.to);
      await sql(world.databaseUrl, 'UPDATE factors SET locked_at = now() WHERE id = $1', [uuidOf(factor.id)]);
      world.clock.advance(MINUTE);
      expectProblem(await sendCode(world, challenge, factor.id), 423, 'factor_locked');
      expect(messagesTo(world, factor.to)).toBe(before);
    });

    it('nothing for a challenge that the user’s factors have overtaken', async () => {
      const person = await registerWithTotp(world);
      const factor = await addCodeFactor(world, { accessToken: await stepUp(world, person) });
      const challenge = await beginLogin(world, person);
      const before = messagesTo(world, factor.to);
      await addTotp(world, await stepUp(world, person));
      expectProblem(await sendCode(world, challenge, factor.id), 401, 'invalid_token');
      expect(messagesTo(world, factor.to)).toBe(before);
    });

    it('nothing for an authenticator app, and says so', async () => {
      const person = await registerWithTotp(world);
      const challenge = await beginLogin(world, person);
      expectProblem(await sendCode(world, challenge, person.factorId), 409, 'conflict');
    });

    it.each([{}, { factorId: 5 }, { factorId: 'fac_x', code: '123456' }, { factorId: null }])(
      'nothing for %j',
      async (body) => {
        const { person } = await somebody();
        const challenge = await beginLogin(world, person);
        const refused = await world.client.post(`/v1/challenges/${challenge.id}/send`, body, {
          token: challenge.tempToken,
        });
        expectProblem(refused, 400, 'validation_failed');
      },
    );
  });

  it('steps up on demand, and is not sent a code before', async () => {
    const { person, factor } = await somebody();
    const { accessToken: token } = await loggedIn(person, factor.to);
    const before = messagesTo(world, factor.to);
    const challenge = await beginStepUp(world, token);
    expect(messagesTo(world, factor.to)).toBe(before);
    expect((await sendCode(world, challenge, factor.id)).status).toBe(202);
    expect((await answer(world, challenge, { code: newestCode(world, factor.to) })).status).toBe(200);
  });

  it('shows its code in no event', async () => {
    const { person, factor } = await somebody();
    await beginLogin(world, person);
    const code = newestCode(world, factor.to);
    const events = JSON.stringify(await eventsOf(world.databaseUrl, person.id));
    expect(events).not.toContain(code);
    expect(events).not.toContain(factor.to.slice(3));
  });

  async function somebody(): Promise<{ person: Person; factor: { id: string; to: string } }> {
    const person = await register(world);
    return { person, factor: await addCodeFactor(world, person) };
  }

  async function loggedIn(person: Person, to: string): Promise<{ accessToken: string }> {
    const { body } = await answer(world, await beginLogin(world, person), { code: newestCode(world, to) });
    return body as { accessToken: string };
  }
});
