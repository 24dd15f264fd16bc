import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestApp, type TestApp } from '../factories/app.js';
import { type BrowserWithKey, HAS_BROWSER, startBrowser } from '../factories/browser.js';
import { sendCode } from '../factories/codes.js';
import { answer, factorsOf } from '../factories/factors.js';
import { beginLogin, register } from '../factories/people.js';
import { freePort } from '../factories/process.js';

// What a page does with the options that the API shows; it is written in the page's own JavaScript.
const CREATE = `async (options) =>
  (await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options) })).toJSON()`;
const GET = `async (options) =>
  (await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options) })).toJSON()`;

if (!HAS_BROWSER)
  process.stdout.write('There is no /usr/bin/chromium: apt-get install chromium (no browser test)\n');

// Skipped where there is no browser; CI installs one and cannot pass without.
describe.skipIf(!HAS_BROWSER && process.env['CI'] === undefined)('WebAuthn in a browser', () => {
  let world: TestApp;
  let browser: BrowserWithKey;
  // Of its own, because a key that knows no credential of the user may answer first, with a refusal.
  let mine: BrowserWithKey;
  beforeAll(async () => {
    const port = await freePort();
    world = await startTestApp({ port, env: { PUBLIC_URL: `http://localhost:${port}` } });
    [browser, mine] = await Promise.all([startBrowser(), startBrowser()]);
    for (const { page } of [browser, mine]) {
      await page.goto(`http://localhost:${port}/problems/challenge_closed`);
    }
  });
  afterAll(async () => {
    await Promise.all([browser.close(), mine.close()]);
    await world.stop();
  });

  const inPage = (page: Page, script: string, options: unknown): Promise<unknown> =>
    page.evaluate(`(${script})(${JSON.stringify(options)})`);

  it('enrols a key and logs in with it, over the real API', async () => {
    const person = await register(world);
    const { accessToken: token } = person;
    const enrolled = await world.client.post('/v1/me/factors', { type: 'webauthn' }, { token });
    expect(enrolled.status).toBe(201);
    const registration = await inPage(browser.page, CREATE, enrolled.body.publicKey);
    const activated = await world.client.post(
      `/v1/me/factors/${enrolled.body.id}/activate`,
      { credential: registration },
      { token },
    );
    expect({ status: activated.status, errors: activated.body.errors }).toEqual({
      status: 200,
      errors: undefined,
    });
    const [factor] = (await factorsOf(world, token)).filter(({ type }) => type === 'webauthn');
    expect(factor).toMatchObject({ status: 'active', hint: 'Security key' });

    for (let logins = 0; logins < 2; logins += 1) {
      const challenge = await beginLogin(world, person);
      const sent = await sendCode(world, challenge, enrolled.body.id);
      expect(sent.status).toBe(200);
      const credential = await inPage(browser.page, GET, sent.body.publicKey);
      const login = await answer(world, challenge, { credential });
      expect({ status: login.status, code: login.body.code }).toEqual({ status: 200, code: undefined });
      expect((await answer(world, challenge, { credential })).status).toBe(410);
    }
    expect((await browser.signCounts()).every((count) => count >= 2)).toBe(true);
  });

  it('is told by the browser that a key is there already, and logs in with either of two', async () => {
    const person = await register(world);
    const factorIds: string[] = [];
    let token = person.accessToken;
    const begin = async (): Promise<{ id: string; publicKey: unknown }> => {
      const { status, body } = await world.client.post('/v1/me/factors', { type: 'webauthn' }, { token });
      expect(status).toBe(201);
      return body;
    };
    const enrol = async (): Promise<void> => {
      const { id, publicKey } = await begin();
      const credential = await inPage(mine.page, CREATE, publicKey);
      const { status, body } = await world.client.post(
        `/v1/me/factors/${id}/activate`,
        { credential },
        { token },
      );
      expect(status).toBe(200);
      factorIds.push(id);
      token = body.accessToken;
    };
    const first = mine.key;
    await enrol();
    await expect(inPage(mine.page, CREATE, (await begin()).publicKey)).rejects.toThrow(/InvalidStateError/);
    const second = await mine.addKey();
    await mine.touchOnly(second);
    await enrol();
    const [asked = ''] = factorIds;
    for (const key of [first, second]) {
      await mine.touchOnly(key);
      const challenge = await beginLogin(world, person);
      const sent = await sendCode(world, challenge, asked);
      const credential = await inPage(mine.page, GET, sent.body.publicKey);
      expect((await answer(world, challenge, { credential })).status).toBe(200);
    }
  });

  it('answers nothing for the challenge of another', async () => {
    const person = await register(world);
    const { accessToken: token } = person;
    const enrolled = await world.client.post('/v1/me/factors', { type: 'webauthn' }, { token });
    const other = { ...enrolled.body.publicKey, challenge: Buffer.alloc(32, 1).toString('base64url') };
    const registration = await inPage(browser.page, CREATE, other);
    const refused = await world.client.post(
      `/v1/me/factors/${enrolled.body.id}/activate`,
      { credential: registration },
      { token },
    );
    expect(refused.status).toBe(422);
  });
});
