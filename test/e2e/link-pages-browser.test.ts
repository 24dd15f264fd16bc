import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { passwordLogin } from '../factories/accounts.js';
import { startTestApp, type TestApp } from '../factories/app.js';
import { type BrowserWithKey, HAS_BROWSER, startBrowser } from '../factories/browser.js';
import { mailedToken, mailsTo } from '../factories/mails.js';
import { type Person, register } from '../factories/people.js';
import { freePort } from '../factories/process.js';

const NEW_PASSWORD = 'plum quartz 77 lantern';

// Skipped where there is no browser; CI installs one and cannot pass without.
describe.skipIf(!HAS_BROWSER && process.env['CI'] === undefined)('the page of a mailed link', () => {
  let world: TestApp;
  let browser: BrowserWithKey;
  let person: Person;
  beforeAll(async () => {
    const port = await freePort();
    world = await startTestApp({ port, env: { ROLE: 'all', PUBLIC_URL: `http://localhost:${port}` } });
    browser = await startBrowser();
    person = await register(world);
  });
  afterAll(async () => {
    await browser.close();
    await world.stop();
  });

  const follow = async (page: 'verify-email' | 'reset-password'): Promise<void> => {
    await mailedToken(world, person.email, page);
    const texts = (await mailsTo(world, person.email)).map(({ text }) => text);
    const link = texts
      .map((text) => new RegExp(`http\\S+/${page}\\?token=\\S+`).exec(text)?.[0])
      .find(Boolean);
    await browser.page.goto(link ?? '');
    // The token is not left lying in the history.
    expect(new URL(browser.page.url()).search).toBe('');
  };
  const status = (text: string): Promise<void> => browser.page.getByRole('status').getByText(text).waitFor();

  it('verifies an address when its button is pressed, not when it is opened', async () => {
    await follow('verify-email');
    expect((await passwordLogin(world, person)).body.user.emailVerified).toBe(false);
    await browser.page.getByRole('button', { name: 'Confirm' }).click();
    await status('Confirmed.');
    expect((await passwordLogin(world, person)).body.user.emailVerified).toBe(true);
  });

  it('takes a new password, and says what is wrong with one', async () => {
    await world.client.post('/v1/auth/password/forgot', { email: person.email });
    await follow('reset-password');
    const { page } = browser;
    const submit = async (first: string, second = first): Promise<void> => {
      await page.getByLabel('New password').fill(first);
      await page.getByLabel('Once more').fill(second);
      await page.getByRole('button', { name: 'Change password' }).click();
    };
    await submit(NEW_PASSWORD, 'another');
    await status('The two passwords differ.');
    await submit('password123!');
    await status('common password');
    await submit(NEW_PASSWORD);
    await status('Changed.');
    expect((await passwordLogin(world, { ...person, password: NEW_PASSWORD })).status).toBe(200);
    await page.goto(`${world.client.baseUrl.replace('127.0.0.1', 'localhost')}/reset-password?token=used`);
    await submit(NEW_PASSWORD);
    await status('ask for a new one');
  });

  it('loads nothing and is framed by nobody', async () => {
    for (const path of ['/verify-email', '/reset-password']) {
      const { status: code, headers, body } = await world.client.get(`${path}?token=x`);
      expect(code).toBe(200);
      expect(headers.get('content-security-policy')).toMatch(
        /^default-src 'none';script-src 'sha256-[^']+';style-src 'sha256-[^']+';connect-src 'self';/,
      );
      expect(headers.get('referrer-policy')).toBe('no-referrer');
      expect(headers.get('cache-control')).toBe('no-store');
      expect(body).not.toMatch(/ (?:src|href|onclick)=/);
    }
  });
});
