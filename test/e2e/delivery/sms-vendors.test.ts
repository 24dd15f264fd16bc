import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { expectProblem } from '../../factories/accounts.js';
import { startTestApp, type TestApp } from '../../factories/app.js';
import { enrolCodes, mobileNumber } from '../../factories/codes.js';
import { register } from '../../factories/people.js';
import { sql } from '../../factories/sql.js';
import { startTwilio, type TwilioStandIn } from '../../factories/twilio.js';
import { warningsOf } from '../../factories/warnings.js';

interface Posted {
  readonly path: string;
  readonly authorization: string | undefined;
  readonly body: { readonly recipient: string; readonly message: string };
}

describe('several SMS vendors', () => {
  let twilio: TwilioStandIn;
  let other: Server;
  let status = 202;
  const posted: Posted[] = [];
  let world: TestApp;
  beforeAll(async () => {
    twilio = await startTwilio();
    other = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk) => (body += String(chunk)));
      request.on('end', () => {
        posted.push({
          path: request.url ?? '',
          authorization: request.headers.authorization,
          body: JSON.parse(body) as Posted['body'],
        });
        response.writeHead(status, status === 302 ? { location: '/elsewhere' } : {}).end('{}');
      });
    });
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const { port } = other.address() as AddressInfo;
    world = await startTestApp({
      env: {
        ...twilio.env,
        SMS_HTTP_URL: `http://127.0.0.1:${port}/send?v=1`,
        SMS_HTTP_HEADERS: '{"Authorization":"Bearer of-the-vendor"}',
        SMS_HTTP_BODY: '{"recipient":"{{to}}","message":"{{text}}","otp":"{{code}}","reference":"{{id}}"}',
        SMS_VENDORS: 'twilio,http',
      },
    });
  });
  afterEach(() => {
    status = 202;
    twilio.behave('accept');
  });
  afterAll(async () => {
    await world.stop();
    await twilio.stop();
    await new Promise((resolve) => other.close(resolve));
  });

  const enrol = async (): Promise<number> => {
    const person = await register(world);
    return (await enrolCodes(world, person.accessToken, { phoneNumber: mobileNumber() })).status;
  };
  const lastVendor = async (): Promise<string | undefined> => {
    const [row] = await sql<{ vendor: string }>(
      world.databaseUrl,
      'SELECT vendor FROM messages ORDER BY created_at DESC, id DESC LIMIT 1',
    );
    return row?.vendor;
  };

  it('are asked in their order: the first alone, while it works', async () => {
    expect(await enrol()).toBe(201);
    expect({ posted: posted.length, vendor: await lastVendor() }).toEqual({ posted: 0, vendor: 'twilio' });
  });

  it.each([['cut' as const], [{ status: 500, code: 20500 }]])(
    'stand in for one another where %j',
    async (conduct) => {
      twilio.behave(conduct);
      expect(await enrol()).toBe(201);
      expect(posted.at(-1)).toMatchObject({
        path: '/send?v=1',
        authorization: 'Bearer of-the-vendor',
        body: {
          recipient: expect.stringMatching(/^\+44/),
          message: expect.stringMatching(/^\d{6} is your/),
          otp: expect.stringMatching(/^\d{6}$/),
        },
      });
      expect(await lastVendor()).toBe('http');
    },
  );

  it.each(['accept-late' as const, { status: 504, code: 20504 }])(
    'do not both send where the first one may have (%j)',
    async (conduct) => {
      twilio.behave(conduct);
      const before = posted.length;
      expect(await enrol()).toBe(201);
      expect(posted).toHaveLength(before);
    },
  );

  it.each([21408, 21211, 21217, 21614])(
    'stand in for one another where the first one refuses a number for reasons of its own (%i)',
    async (code) => {
      twilio.behave({ status: 400, code });
      const before = posted.length;
      const { result, warnings } = await warningsOf(enrol);
      expect(result).toBe(201);
      expect(posted).toHaveLength(before + 1);
      expect(await lastVendor()).toBe('http');
      expect(warnings.join()).toContain(`code ${code}`);
    },
  );

  it('do not write to an owner who has asked the first one not to be written to', async () => {
    twilio.behave({ status: 400, code: 21610 });
    const before = posted.length;
    const { result, warnings } = await warningsOf(enrol);
    expect(result).toBe(422);
    expect(posted).toHaveLength(before);
    expect(warnings.join()).toContain('code 21610');
  });

  it('refuse the number as the first one did where the others do not send', async () => {
    twilio.behave({ status: 400, code: 21408 });
    status = 500;
    const person = await register(world);
    const phoneNumber = mobileNumber();
    const { result, warnings } = await warningsOf(() =>
      enrolCodes(world, person.accessToken, { phoneNumber }),
    );
    expectProblem(result, 422, 'destination_refused');
    expect(result.body.reason).toBe('country_not_allowed');
    expect(warnings).toHaveLength(2);
    expect(warnings.join()).not.toContain(phoneNumber.slice(-6));
  });

  it.each([500, 404, 302])(
    'have all failed where the last one answers %i, and no redirect is followed',
    async (last) => {
      twilio.behave('cut');
      status = last;
      const before = posted.length;
      const person = await register(world);
      const refused = await enrolCodes(world, person.accessToken, { phoneNumber: mobileNumber() });
      expectProblem(refused, 502, 'delivery_failed');
      expect(posted).toHaveLength(before + 1);
    },
  );
});
