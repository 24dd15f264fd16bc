import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { makeApplication, passwordLogin } from '../factories/accounts.js';
import { startTestApp, type TestApp } from '../factories/app.js';
import { type BrowserWithKey, HAS_BROWSER, startBrowser } from '../factories/browser.js';
import { activate, enrolTotp } from '../factories/factors.js';
import { mailedToken, mailsTo } from '../factories/mails.js';
import { type Person, register } from '../factories/people.js';
import { freePort } from '../factories/process.js';
import { sql } from '../factories/sql.js';

const NEW_PASSWORD = 'plum quartz 77 lantern';

// Skipped where there is no browser; CI installs one and cannot pass without.
describe.skipIf(!HAS_BROWSER && process.env['CI'] === undefined)('the page of a mailed link', () => {
  let world: TestApp;
  let browser: BrowserWithKey;
  let person: Person;
  beforeAll(async () => {
    const port = await freePort();
    world = await startTestApp({ port, env: { ROLE: 'all', PUBLIC_URL: `http://localhost:${port}` } });
    await makeApplication(world, 'other');
    browser = await startBrowser();
  });
  beforeEach(async () => {
    person = await register(world);
  });
  afterAll(async () => {
    await browser.close();
    await world.stop();
  });

  const follow = async (page: 'verify-email' | 'reset-password', email = person.email): Promise<void> => {
    await mailedToken(world, email, page);
    const texts = (await mailsTo(world, email)).map(({ text }) => text);
    const link = texts
      .map((text) => new RegExp(`http\\S+/${page}\\?token=\\S+`).exec(text)?.[0])
      .find(Boolean);
    await browser.page.goto(link ?? '');
    // The token is not left lying in the history.
    expect(new URL(browser.page.url())).toMatchObject({ search: '', hash: '' });
  };
  const status = (text: string): Promise<void> => browser.page.getByRole('status').getByText(text).waitFor();
  const press = (name: string): Promise<void> => browser.page.getByRole('button', { name }).click();
  const isVerified = async (password = person.password): Promise<boolean> =>
    (await passwordLogin(world, { ...person, password })).body.user.emailVerified as boolean;
  const choose = async (first: string, second = first): Promise<void> => {
    await browser.page.getByLabel('New password').fill(first);
    await browser.page.getByLabel('Once more').fill(second);
  };

  it('verifies an address with the password, not when it is opened, and keeps the second factor', async () => {
    const { id, code } = await enrolTotp(world, person.accessToken);
    await activate(world, person.accessToken, id, code());
    await follow('verify-email');
    await browser.page.getByLabel(/^Password/).fill('not the password');
    await press('Confirm');
    await status('not the password that was chosen');
    expect((await world.client.get('/v1/me', { token: person.accessToken })).body.emailVerified).toBe(false);
    await browser.page.getByLabel(/^Password/).fill(person.password);
    await press('Confirm');
    await status('Everything that you have set up stays');
    expect((await passwordLogin(world, person)).body.status).toBe('challenge_required');
  });

  it('asks for no password where the account is logged in, and for one where another account is', async () => {
    const { page } = browser;
    const logInHere = ({ email, password }: Person): Promise<number> =>
      page.evaluate(
        async (body) =>
          (
            await fetch('/v1/auth/login', {
              method: 'POST',
              headers: { 'content-type': 'application/json' },
              body: JSON.stringify(body),
            })
          ).status,
        { email, password, session: 'cookie' },
      );
    await follow('verify-email');
    expect(await logInHere(await register(world))).toBe(200);
    await follow('verify-email');
    await status('You are logged in here.');
    await press('Confirm');
    await status('The session here is of another account.');
    await page.getByLabel(/^Password/).waitFor();
    expect(await isVerified()).toBe(false);
    expect(await logInHere(person)).toBe(200);
    await follow('verify-email');
    await status('You are logged in here.');
    await press('Confirm');
    await status('Confirmed.');
    expect(await isVerified()).toBe(true);
    await page.context().clearCookies();
  });

  it('lets who did not register choose a new password, and says that the second factor is gone', async () => {
    const { id, code } = await enrolTotp(world, person.accessToken);
    await activate(world, person.accessToken, id, code());
    await follow('verify-email');
    await press('I did not register');
    await browser.page.getByText('somebody else used your address').waitFor();
    await press('Choose a new password');
    await choose(NEW_PASSWORD);
    await press('Choose this password');
    await status('The second factor that the account had was removed');
    expect(await isVerified(NEW_PASSWORD)).toBe(true);
  });

  it('takes a new password, and says what is wrong with one', async () => {
    await world.client.post('/v1/auth/password/forgot', { email: person.email });
    await follow('reset-password');
    await choose(NEW_PASSWORD, 'another');
    await press('Change password');
    await status('The two passwords differ.');
    await choose('password123!');
    await press('Change password');
    await status('common password');
    await choose(NEW_PASSWORD);
    await press('Change password');
    await status('Changed.');
    expect((await passwordLogin(world, { ...person, password: NEW_PASSWORD })).status).toBe(200);
  });

  it('calls no link dead because its page was loaded again', async () => {
    for (const page of ['verify-email', 'reset-password'] as const) {
      if (page === 'reset-password')
        await world.client.post('/v1/auth/password/forgot', { email: person.email });
      await follow(page);
      await browser.page.reload();
      await status('Open the link in your mail again.');
    }
    await follow('verify-email');
    await browser.page.getByLabel(/^Password/).waitFor();
  });

  it('asks for a new link where this one is dead, in the application that it was of', async () => {
    const headers = { 'x-application': 'other' };
    const email = `other-${person.email}`;
    await world.client.post('/v1/auth/register', { email, password: person.password }, { headers });
    await mailedToken(world, email, 'verify-email');
    await sql(world.databaseUrl, `UPDATE mailed_links SET failures = 5 WHERE email = $1`, [email]);
    await follow('verify-email', email);
    await status('no longer valid');
    await browser.page.getByLabel('E-mail address').fill(email);
    await press('Send a new link');
    await status('on its way');
    await follow('reset-password', email);
    await choose(NEW_PASSWORD);
    await press('Change password');
    await status('Changed.');
    expect((await passwordLogin(world, { email, password: NEW_PASSWORD }, {}, headers)).status).toBe(200);
  });

  it('of a change of address offers no new password', async () => {
    const email = `next-${person.email}`;
    await world.client.patch('/v1/me', { email }, { token: person.accessToken });
    await follow('verify-email', email);
    await browser.page.getByText('want this address for your account').waitFor();
    expect(await browser.page.getByRole('button', { name: 'new password' }).isVisible()).toBe(false);
    await browser.page.getByLabel(/^Password/).fill(person.password);
    await press('Confirm');
    await status('This is now the address of your account.');
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
