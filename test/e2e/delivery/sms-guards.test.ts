import { Logger } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { newId } from '@countersign/core';
import { expectProblem, setPolicy } from '../../factories/accounts.js';
import { startTestApp, type TestApp } from '../../factories/app.js';
import type { Answer } from '../../factories/client.js';
import { addCodeFactor, enrolCodes, messagesTo, mobileNumber, newestCode } from '../../factories/codes.js';
import { activate } from '../../factories/factors.js';
import { type Person, register } from '../../factories/people.js';
import { sql } from '../../factories/sql.js';
import { startTwilio } from '../../factories/twilio.js';

const HOUR = 60 * 60_000;

describe('the guards against SMS pumping', () => {
  const started: TestApp[] = [];
  const start = async (env: Readonly<Record<string, string>>): Promise<TestApp> => {
    const world = await startTestApp({ env });
    started.push(world);
    return world;
  };
  afterAll(() => Promise.all(started.map((world) => world.stop())));

  const enrol = async (world: TestApp, phoneNumber = mobileNumber()): Promise<Answer> =>
    enrolCodes(world, (await register(world)).accessToken, { phoneNumber });
  const expectCapped = (answer: Answer, reason: string, longest: number): void => {
    expectProblem(answer, 429, 'rate_limited');
    expect(answer.body.reason).toBe(reason);
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(Number(answer.headers.get('retry-after'))).toBeLessThanOrEqual(longest);
  };

  it('send a number so many a day, whoever asks', async () => {
    const world = await start({ RATE_LIMIT_SMS_NUMBER: '2/1d' });
    const number = mobileNumber();
    expect((await enrol(world, number)).status).toBe(201);
    expect((await enrol(world, number)).status).toBe(201);
    expectCapped(await enrol(world, number), 'number_limit', 86_400);
    expect(messagesTo(world, number)).toBe(2);
    expect((await enrol(world)).status).toBe(201);
    world.clock.advance(24 * HOUR);
    expect((await enrol(world, number)).status).toBe(201);
  });

  it('let numbers newer than the library have a tenth of every cap, in allowed countries and named ranges', async () => {
    const world = await start({
      SMS_ALLOWED_COUNTRIES: 'GE,US',
      SMS_ALLOWED_PREFIXES: '+1436',
      SMS_COUNTRY_HOURLY_LIMIT: '20',
      RATE_LIMIT_SMS_NUMBER: '10/1d',
    });
    const unknown = (nth: number): string => `+99511111111${nth}`;
    expect((await enrol(world, unknown(1))).status).toBe(201);
    expectCapped(await enrol(world, unknown(1)), 'number_limit', 86_400);
    expect((await enrol(world, unknown(2))).status).toBe(201);
    expectCapped(await enrol(world, unknown(3)), 'country_limit', 3_600);
    // What is known to be mobile has what is left.
    expect((await enrol(world, '+995555102077')).status).toBe(201);
    expect((await enrol(world, '+14362345678')).status).toBe(201);
    expect(newestCode(world, '+14362345678')).toMatch(/^\d{6}$/);
  });

  it('refuse an unknown area code of North America, and tell the operator its range without the number', async () => {
    const world = await start({ SMS_ALLOWED_COUNTRIES: 'US,CA' });
    const warnings = vi.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
    const refused = await enrol(world, '+16242345678');
    const said = JSON.stringify(warnings.mock.calls);
    warnings.mockRestore();
    expectProblem(refused, 422, 'destination_refused');
    expect(refused.body.reason).toBe('invalid_number');
    expect(said).toContain('an SMS was refused (invalid_number): a number of +1624');
    expect(said).not.toContain('2345678');
  });

  it('let enrolments have a fifth of the day, and logins the rest', async () => {
    const world = await start({ SMS_DAILY_LIMIT: '5' });
    const person = await register(world);
    const factor = await addCodeFactor(world, person);
    expectCapped(await enrol(world), 'enrolment_limit', 86_400);
    for (let sends = 0; sends < 4; sends += 1) {
      const { body } = await world.client.post('/v1/auth/login', {
        email: person.email,
        password: person.password,
      });
      expect(body.challenge.sent).toBeDefined();
    }
    const { body } = await world.client.post('/v1/auth/login', {
      email: person.email,
      password: person.password,
    });
    expect(body.challenge.sent).toBeUndefined();
    const refused = await world.client.post(
      `/v1/challenges/${body.challenge.id}/send`,
      { factorId: factor.id },
      { token: body.tempToken },
    );
    expectCapped(refused, 'application_limit', 86_400);
  });

  it("go by the application's own limit where it has one", async () => {
    const world = await start({ SMS_DAILY_LIMIT: '100' });
    await setPolicy(world, { smsDailyLimit: 0 });
    expectCapped(await enrol(world), 'application_limit', 86_400);
    await setPolicy(world, { smsDailyLimit: 10 });
    expect((await enrol(world)).status).toBe(201);
    expect((await enrol(world)).status).toBe(201);
    expectCapped(await enrol(world), 'enrolment_limit', 86_400);
  });

  it('send a country so many an hour, and others beside it', async () => {
    const world = await start({ SMS_COUNTRY_HOURLY_LIMIT: '1' });
    expect((await enrol(world)).status).toBe(201);
    expectCapped(await enrol(world), 'country_limit', 3_600);
    expect((await enrol(world, '+4915112345678')).status).toBe(201);
    world.clock.advance(HOUR);
    expect((await enrol(world)).status).toBe(201);
  });

  describe('judge enrolments and activated factors apart', () => {
    const sentAtLogin = async (world: TestApp, { email, password }: Person): Promise<boolean> => {
      const { body } = await world.client.post('/v1/auth/login', { email, password });
      return body.challenge.sent !== undefined;
    };

    it('a stranger who enrols many invented numbers stops neither logins nor enrolments of others', async () => {
      const world = await start({ SMS_MIN_CONVERSION: '20', RATE_LIMIT_SEND: '5/1h', TRUST_PROXY: '1' });
      const from = (address: string): { headers: Record<string, string> } => ({
        headers: { 'x-forwarded-for': address },
      });
      const owner = await register(world);
      await addCodeFactor(world, owner);
      const enrolFrom = async (address: string, { accessToken: token }: Person): Promise<Answer> =>
        world.client.post(
          '/v1/me/factors',
          { type: 'sms', phoneNumber: mobileNumber() },
          { token, ...from(address) },
        );
      for (let account = 0; account < 4; account += 1) {
        const stranger = await register(world);
        for (let sends = 0; sends < 5; sends += 1) {
          expect((await enrolFrom('203.0.113.7', stranger)).status).toBe(201);
        }
      }
      world.clock.advance(3 * 60_000);
      expect(await sentAtLogin(world, owner)).toBe(true);
      expectCapped(await enrolFrom('203.0.113.7', await register(world)), 'country_conversion', 3_600);
      expect((await enrolFrom('198.51.100.8', await register(world))).status).toBe(201);
    });

    it('in the hour of a country', async () => {
      const world = await start({ SMS_COUNTRY_HOURLY_LIMIT: '1' });
      const owner = await register(world);
      await addCodeFactor(world, owner);
      expectCapped(await enrol(world), 'country_limit', 3_600);
      expect(await sentAtLogin(world, owner)).toBe(true);
      expect(await sentAtLogin(world, owner)).toBe(false);
    });

    it('in the day of a number', async () => {
      const world = await start({ RATE_LIMIT_SMS_NUMBER: '2/1d' });
      const owner = await register(world);
      const { to } = await addCodeFactor(world, owner);
      expect((await enrol(world, to)).status).toBe(201);
      expectCapped(await enrol(world, to), 'number_limit', 86_400);
      expect(await sentAtLogin(world, owner)).toBe(true);
      expect(await sentAtLogin(world, owner)).toBe(true);
      expect(await sentAtLogin(world, owner)).toBe(false);
    });

    it('in the day of an application: four fifths are always there for logins', async () => {
      const world = await start({ SMS_DAILY_LIMIT: '10' });
      const owner = await register(world);
      await addCodeFactor(world, owner);
      expect((await enrol(world)).status).toBe(201);
      expectCapped(await enrol(world), 'enrolment_limit', 86_400);
      for (let login = 0; login < 8; login += 1) expect(await sentAtLogin(world, owner)).toBe(true);
      expect(await sentAtLogin(world, owner)).toBe(false);
    });
  });

  it('count nothing that was refused by another guard', async () => {
    const world = await start({ RATE_LIMIT_SMS_NUMBER: '1/1d', SMS_COUNTRY_HOURLY_LIMIT: '1' });
    const number = mobileNumber();
    expect((await enrol(world)).status).toBe(201);
    expectCapped(await enrol(world, number), 'country_limit', 3_600);
    world.clock.advance(HOUR);
    expect((await enrol(world, number)).status).toBe(201);
  });

  it('count nothing that no vendor took', async () => {
    const vendor = await startTwilio();
    try {
      const world = await start({
        ...vendor.env,
        RATE_LIMIT_SMS_NUMBER: '1/1d',
        SMS_DAILY_LIMIT: '5',
        SMS_COUNTRY_HOURLY_LIMIT: '1',
      });
      const number = mobileNumber();
      vendor.behave({ status: 500, code: 20500 });
      expectProblem(await enrol(world, number), 502, 'delivery_failed');
      vendor.behave({ status: 400, code: 21614 });
      expectProblem(await enrol(world, number), 422, 'destination_refused');
      vendor.behave('accept');
      expect((await enrol(world, number)).status).toBe(201);
      expectCapped(await enrol(world, number), 'number_limit', 86_400);
    } finally {
      await vendor.stop();
    }
  });

  describe('pause a country', () => {
    let world: TestApp;
    beforeAll(async () => {
      world = await start({ SMS_MIN_CONVERSION: '20' });
    });

    const record = async (sent: number, used: number, minutesAgo: number): Promise<Person> => {
      const person = await register(world);
      const at = new Date(world.clock.now().getTime() - minutesAgo * 60_000);
      for (let index = 0; index < sent; index += 1) {
        await sql(
          world.databaseUrl,
          `INSERT INTO messages (id, application_id, user_id, channel, country, enrolment, source, status, created_at,
                                 updated_at, verified_at)
           SELECT $1, application_id, id, 'sms', 'GB', true, $5, 'accepted', $2, $2, $3 FROM users WHERE email = $4`,
          [newId(at), at, index < used ? at : null, person.email, `network-${index}`],
        );
      }
      return person;
    };

    it('where few of many codes were used, until the hour is over', async () => {
      await record(20, 3, 10);
      expectCapped(await enrol(world), 'country_conversion', 3_600);
      expect((await enrol(world, '+4915112345678')).status).toBe(201);
      world.clock.advance(51 * 60_000);
      expect((await enrol(world)).status).toBe(201);
    });

    it('although the account that asked for the codes was erased meanwhile', async () => {
      world.clock.advance(2 * HOUR);
      const { accessToken: token } = await record(20, 0, 10);
      expect((await world.client.delete('/v1/me', { token })).status).toBe(204);
      expectCapped(await enrol(world), 'country_conversion', 3_600);
    });

    it('not where enough were, nor for a few', async () => {
      world.clock.advance(2 * HOUR);
      await record(19, 0, 10);
      expect((await enrol(world)).status).toBe(201);
      await record(10, 10, 10);
      expect((await enrol(world)).status).toBe(201);
    });

    it('not for the codes that one user asks for and does not use, however many', async () => {
      world.clock.advance(2 * HOUR);
      const owner = await register(world);
      await addCodeFactor(world, owner);
      for (let login = 0; login < 21; login += 1) {
        await world.client.post('/v1/auth/login', { email: owner.email, password: owner.password });
      }
      world.clock.advance(3 * 60_000);
      const { body } = await world.client.post('/v1/auth/login', {
        email: owner.email,
        password: owner.password,
      });
      expect(body.challenge.sent).toBeDefined();
    });

    it('not for codes that may still be typed', async () => {
      world.clock.advance(2 * HOUR);
      await record(30, 0, 1);
      expect((await enrol(world)).status).toBe(201);
    });

    it('by what really happens: a code that is used counts for it', async () => {
      world.clock.advance(2 * HOUR);
      const person = await register(world);
      const phoneNumber = mobileNumber();
      const { body } = await enrolCodes(world, person.accessToken, { phoneNumber });
      await activate(world, person.accessToken, body.id, newestCode(world, phoneNumber));
      const [row] = await sql<{ used: boolean }>(
        world.databaseUrl,
        'SELECT verified_at IS NOT NULL AS used FROM messages ORDER BY created_at DESC, id DESC LIMIT 1',
      );
      expect(row?.used).toBe(true);
    });
  });
});
