import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { enrolCodes, mobileNumber } from '../factories/codes.js';
import { freshDatabase } from '../factories/database.js';
import { type Person, register } from '../factories/people.js';
import { CLI, ENTRY, type ProductProcess, startProcess } from '../factories/process.js';
import { type MailServer, startMailServer } from '../factories/smtp.js';
import { SoftwareAuthenticator } from '../factories/software-authenticator.js';
import { startTwilio, type TwilioStandIn } from '../factories/twilio.js';

const ORIGIN = 'https://auth.example.com';

// Other tests run the source. This one is for what a bundle could lose: packages that are loaded late, by a name that is
// made up, or twice.
describe('the service as it is built', () => {
  let mail: MailServer;
  let vendor: TwilioStandIn;
  let product: ProductProcess;
  let person: Person;
  beforeAll(async () => {
    [mail, vendor] = await Promise.all([startMailServer(), startTwilio()]);
    product = await startProcess({
      env: {
        NODE_ENV: 'test',
        HOST: '127.0.0.1',
        PUBLIC_URL: ORIGIN,
        DATABASE_URL: await freshDatabase(),
        MASTER_KEY: randomBytes(32).toString('base64'),
        SMS_ALLOWED_COUNTRIES: 'GB',
        LOG_LEVEL: 'error',
        ...mail.env,
        ...vendor.env,
      },
    });
    await product.ready();
    person = await register(product);
  });
  afterAll(async () => {
    await product.stop();
    await Promise.all([mail.stop(), vendor.stop()]);
  });

  it('sends mail by a job of its queue', async () => {
    expect((await mail.mailTo(person.email)).subject).toMatch(/\S/);
  });

  it('sends codes through Twilio, and takes them', async () => {
    const phoneNumber = mobileNumber();
    const { status, body } = await enrolCodes(product, person.accessToken, { phoneNumber });
    expect(status).toBe(201);
    const code = /\b\d{6}\b/.exec(vendor.taken.at(-1)?.Body ?? '')?.[0];
    const activated = await product.client.post(
      `/v1/me/factors/${body.id}/activate`,
      { code },
      { token: person.accessToken },
    );
    expect(activated.status).toBe(200);
  });

  it('takes a security key', async () => {
    const { accessToken: token } = await register(product);
    const { body } = await product.client.post('/v1/me/factors', { type: 'webauthn' }, { token });
    const credential = new SoftwareAuthenticator(ORIGIN).create(body.publicKey);
    const activated = await product.client.post(
      `/v1/me/factors/${body.id}/activate`,
      { credential },
      { token },
    );
    expect(activated.status).toBe(200);
  });

  it('validates and converts what it is sent, by the same decorators', async () => {
    const password = `a long ${randomBytes(6).toString('hex')} passphrase`;
    const email = `Jo-${randomBytes(4).toString('hex')}@Example.com`;
    const registered = await product.client.post('/v1/auth/register', { email: ` ${email} `, password });
    expect(registered.body.user.email).toBe(email.toLowerCase());
    const refused = await product.client.post('/v1/auth/register', { email, password, role: 'admin' });
    expect(refused).toMatchObject({ status: 400, body: { code: 'validation_failed' } });
  });

  it('holds nothing but ASCII: one other character doubles what the text of a file takes in memory', () => {
    const programs = dirname(ENTRY);
    const chunks = readdirSync(join(programs, 'chunks')).map((name) => join(programs, 'chunks', name));
    expect(chunks.length).toBeGreaterThan(10);
    for (const file of [ENTRY, CLI, ...chunks]) {
      expect(/[^\0-\x7f]/.exec(readFileSync(file, 'utf8'))?.[0], file).toBeUndefined();
    }
  });

  it('serves the browsable contract with its scripts', async () => {
    const page = await product.client.get('/docs/');
    expect(page.status).toBe(200);
    const script = await product.client.get('/docs/swagger-ui-bundle.js');
    expect(script.status).toBe(200);
  });
});
