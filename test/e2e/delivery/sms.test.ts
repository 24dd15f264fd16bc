import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { expectProblem } from '../../factories/accounts.js';
import { startTestApp, type TestApp } from '../../factories/app.js';
import type { Answer } from '../../factories/client.js';
import { enrolCodes, mobileNumber } from '../../factories/codes.js';
import { activate, answer, factorsOf } from '../../factories/factors.js';
import { type Person, register } from '../../factories/people.js';
import { sql } from '../../factories/sql.js';
import { startTwilio, type TwilioStandIn } from '../../factories/twilio.js';

const CODE = /\b\d{6}\b/;
const MINUTE = 60_000;

describe('SMS through Twilio', () => {
  let vendor: TwilioStandIn;
  let world: TestApp;
  beforeAll(async () => {
    vendor = await startTwilio();
    world = await startTestApp({
      env: { ...vendor.env, PUBLIC_URL: 'https://auth.example.com', SMS_ALLOWED_COUNTRIES: 'GB,us' },
    });
  });
  afterEach(() => vendor.behave('accept'));
  afterAll(async () => {
    await world.stop();
    await vendor.stop();
  });

  const newest = (): string => CODE.exec(vendor.taken.at(-1)?.Body ?? '')?.[0] ?? '';
  const enrol = async (phoneNumber = mobileNumber()): Promise<{ person: Person; enrolled: Answer }> => {
    const person = await register(world);
    return { person, enrolled: await enrolCodes(world, person.accessToken, { phoneNumber }) };
  };
  const messages = (): Promise<{ status: string; vendor: string; verified: boolean; error_code: string }[]> =>
    sql(
      world.databaseUrl,
      `SELECT id, status, vendor, vendor_id, error_code, verified_at IS NOT NULL AS verified
         FROM messages ORDER BY created_at DESC, id DESC`,
    );

  it('enrols and logs in, by codes that came over the wire, and records what became of them', async () => {
    const phoneNumber = mobileNumber();
    const { person, enrolled } = await enrol(phoneNumber);
    expect(enrolled.status).toBe(201);
    expect(vendor.taken.at(-1)).toMatchObject({
      To: phoneNumber,
      From: '+14155550100',
      ValidityPeriod: '300',
    });
    expect((await activate(world, person.accessToken, enrolled.body.id, newest())).status).toBe(200);
    const login = await world.client.post('/v1/auth/login', {
      email: person.email,
      password: person.password,
    });
    const challenge = { id: login.body.challenge.id as string, tempToken: login.body.tempToken as string };
    expect((await answer(world, challenge, { code: newest() })).status).toBe(200);
    const [second, first] = await messages();
    expect([first, second]).toMatchObject([
      { status: 'accepted', vendor: 'twilio', verified: true },
      { status: 'accepted', vendor: 'twilio', verified: true },
    ]);
  });

  it('ends with a line that binds the code to the site (WebOTP)', async () => {
    await enrol();
    expect(vendor.taken.at(-1)?.Body).toMatch(
      /^\d{6} is your Countersign code[^\n]*\n\n@auth\.example\.com #\d{6}$/,
    );
  });

  it("speaks the user's language", async () => {
    const person = await register(world);
    await world.client.patch('/v1/me', { locale: 'de-AT' }, { token: person.accessToken });
    await enrolCodes(world, person.accessToken, { phoneNumber: mobileNumber() });
    expect(vendor.taken.at(-1)?.Body).toMatch(/^\d{6} ist Ihr Code/);
  });

  it('tries once more where the connection is cut, and sends once', async () => {
    vendor.behave('cut', 'accept');
    const before = vendor.taken.length;
    const { enrolled } = await enrol();
    expect(enrolled.status).toBe(201);
    expect(vendor.taken.length - before).toBe(1);
  });

  it.each([
    ['cannot be reached', 'cut' as const],
    ['has a bad day', { status: 500, code: 20500 }],
    ['is too busy', { status: 429, code: 20429 }],
    ['does not know us', { status: 401, code: 20003 }],
  ])('that %s is a failed delivery, which counts nothing and leaves nothing', async (_what, conduct) => {
    vendor.behave(conduct);
    const { person, enrolled } = await enrol();
    expectProblem(enrolled, 502, 'delivery_failed');
    expect(await factorsOf(world, person.accessToken)).toEqual([]);
    expect((await messages())[0]).toMatchObject({ status: 'failed' });
    vendor.behave('accept');
    const again = await enrolCodes(world, person.accessToken, { phoneNumber: mobileNumber() });
    expect(again.status).toBe(201);
  });

  it('that cannot send another code leaves the one before good, for as long as it was', async () => {
    const { person, enrolled } = await enrol();
    const code = newest();
    world.clock.advance(MINUTE);
    vendor.behave({ status: 500, code: 20500 });
    const refused = await world.client.post(`/v1/me/factors/${enrolled.body.id}/send`, undefined, {
      token: person.accessToken,
    });
    expectProblem(refused, 502, 'delivery_failed');
    expect((await activate(world, person.accessToken, enrolled.body.id, code)).status).toBe(200);
    const [message] = await messages();
    expect(message).toMatchObject({ status: 'failed', verified: false });

    vendor.behave('accept');
    const late = await enrol();
    const lateCode = newest();
    world.clock.advance(4 * MINUTE);
    vendor.behave({ status: 500, code: 20500 });
    const token = late.person.accessToken;
    await world.client.post(`/v1/me/factors/${late.enrolled.body.id}/send`, undefined, { token });
    world.clock.advance(MINUTE);
    expectProblem(await activate(world, token, late.enrolled.body.id, lateCode), 422, 'answer_rejected');
  });

  it('that takes a message and answers too late has sent it: once, and it counts', async () => {
    vendor.behave('accept-late');
    const before = vendor.taken.length;
    const { person, enrolled } = await enrol();
    expect(enrolled.status).toBe(201);
    expect(vendor.taken.length - before).toBe(1);
    expect((await messages())[0]).toMatchObject({ status: 'unknown' });
    expect((await activate(world, person.accessToken, enrolled.body.id, newest())).status).toBe(200);
    const early = await world.client.post(
      `/v1/me/factors/${enrolled.body.id}/send`,
      {},
      { token: person.accessToken },
    );
    expectProblem(early, 404, 'not_found');
  });

  it.each([
    ['no number', 21211, 'invalid_number'],
    ['no mobile phone', 21614, 'not_a_mobile_number'],
    ['in a country that the account may not send to', 21408, 'country_not_allowed'],
    ['of somebody who asked to be left alone', 21610, 'opted_out'],
  ])('that says the number is %s refuses the destination', async (_what, code, reason) => {
    vendor.behave({ status: 400, code });
    const { enrolled } = await enrol();
    expectProblem(enrolled, 422, 'destination_refused');
    expect(enrolled.body.reason).toBe(reason);
  });

  it.each([
    ['a landline', '+442079460000', 'not_a_mobile_number'],
    ['voice over IP', '+445600123456', 'not_a_mobile_number'],
    ['a premium number', '+449098790000', 'not_a_mobile_number'],
    ['a number that nobody has', '+447000', 'invalid_number'],
    ['a satellite phone', '+881612345678', 'not_a_mobile_number'],
    ['a country that is not allowed', '+4915112345678', 'country_not_allowed'],
  ])('%s is never asked of a vendor', async (_what, number, reason) => {
    const before = vendor.connections();
    const { enrolled } = await enrol(number);
    if (enrolled.status === 400) expectProblem(enrolled, 400, 'validation_failed');
    else {
      expectProblem(enrolled, 422, 'destination_refused');
      expect(enrolled.body.reason).toBe(reason);
    }
    expect(vendor.connections()).toBe(before);
  });

  describe('reports', () => {
    const path = '/v1/delivery/twilio';
    const report = (url: string, fields: Record<string, string>, signature?: string): Promise<Answer> =>
      world.client.send('POST', url, {
        body: new URLSearchParams(fields).toString(),
        headers: {
          'content-type': 'application/x-www-form-urlencoded',
          ...(signature === undefined ? {} : { 'x-twilio-signature': signature }),
        },
      });
    const sent = async (): Promise<{ url: string; fields: (status: string) => Record<string, string> }> => {
      await enrol();
      const callback = new URL(vendor.taken.at(-1)?.StatusCallback ?? '');
      const sid = `SM${String(vendor.taken.length).padStart(32, '0')}`;
      return {
        url: `${callback.pathname}${callback.search}`,
        fields: (MessageStatus) => ({ MessageSid: sid, MessageStatus, AccountSid: 'AC0' }),
      };
    };
    const signed = (url: string, fields: Record<string, string>): Promise<Answer> =>
      report(url, fields, vendor.sign(`https://auth.example.com${url}`, fields));

    it('update the record, and the last word is the last', async () => {
      const { url, fields } = await sent();
      expect((await signed(url, fields('sent'))).status).toBe(204);
      expect((await messages())[0]).toMatchObject({ status: 'sent' });
      expect((await signed(url, fields('delivered'))).status).toBe(204);
      for (const late of ['sent', 'queued', 'failed', 'nonsense']) {
        expect((await signed(url, fields(late))).status).toBe(204);
      }
      expect((await messages())[0]).toMatchObject({ status: 'delivered' });
    });

    it('note why a message was not delivered', async () => {
      const { url, fields } = await sent();
      await signed(url, { ...fields('undelivered'), ErrorCode: '30003' });
      expect((await messages())[0]).toMatchObject({ status: 'undelivered', error_code: '30003' });
    });

    it('with a wrong signature change nothing', async () => {
      const { url, fields } = await sent();
      const body = fields('delivered');
      const right = vendor.sign(`https://auth.example.com${url}`, body);
      const forged: [string, Record<string, string>, string | undefined][] = [
        [url, body, undefined],
        [url, body, ''],
        [url, body, 'AAAA'],
        [url, body, vendor.sign(`http://auth.example.com${url}`, body)],
        [url, fields('failed'), right],
        [`${path}?message=019b0000-0000-7000-8000-000000000000`, body, right],
        [url, { ...body, Extra: 'x' }, right],
      ];
      for (const [to, fieldsSent, signature] of forged) {
        expectProblem(await report(to, fieldsSent, signature), 403, 'forbidden');
      }
      expect((await messages())[0]).toMatchObject({ status: 'accepted' });
    });

    it('of no message of ours tell nothing', async () => {
      const body = { MessageSid: 'SM1', MessageStatus: 'delivered' };
      for (const query of ['', '?message=', '?message=x', '?message=019b0000-0000-7000-8000-000000000000']) {
        expect((await signed(`${path}${query}`, body)).status).toBe(204);
      }
      const { url } = await sent();
      expect((await signed(url, { MessageSid: 'SM-of-another', MessageStatus: 'delivered' })).status).toBe(
        204,
      );
      expect((await messages())[0]).toMatchObject({ status: 'accepted' });
    });

    it('come as forms, which no other route takes', async () => {
      const form = { 'content-type': 'application/x-www-form-urlencoded' };
      const elsewhere = await world.client.send('POST', '/v1/auth/login', { body: 'email=x', headers: form });
      expectProblem(elsewhere, 415, 'unsupported_media_type');
    });
  });
});

describe('without Twilio', () => {
  it('there is nobody to report', async () => {
    const world = await startTestApp();
    try {
      expectProblem(await world.client.post('/v1/delivery/twilio', {}), 404, 'not_found');
    } finally {
      await world.stop();
    }
  });
});
