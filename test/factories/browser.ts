import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BrowserContext, chromium, type Page } from 'playwright-core';

/** Debian's. Playwright's own would be downloaded from elsewhere. */
const CHROMIUM = '/usr/bin/chromium';

/** Whether the machine has a browser. */
export const HAS_BROWSER = existsSync(CHROMIUM);

/** A browser with one page, and an authenticator that says yes. */
export interface BrowserWithKey {
  readonly page: Page;
  /** The id of its authenticator. */
  readonly key: string;
  /** The sign counts of the credentials that its authenticator holds. */
  signCounts(): Promise<number[]>;
  /** Plugs in one authenticator more. @returns its id */
  addKey(): Promise<string>;
  /** From now on this authenticator is the only one that somebody touches. */
  touchOnly(key: string): Promise<void>;
  close(): Promise<void>;
}

/** Starts headless Chromium with a virtual authenticator (W3C Web Authentication, section 11). */
export async function startBrowser(): Promise<BrowserWithKey> {
  const profile = mkdtempSync(join(tmpdir(), 'countersign-chromium-'));
  const context: BrowserContext = await chromium.launchPersistentContext(profile, {
    executablePath: CHROMIUM,
    headless: true,
    args: [
      ...['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
      ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
    ],
  });
  const page = context.pages()[0] ?? (await context.newPage());
  const devtools = await context.newCDPSession(page);
  await devtools.send('WebAuthn.enable');
  const keys: string[] = [];
  const addKey = async (): Promise<string> => {
    const { authenticatorId } = await devtools.send('WebAuthn.addVirtualAuthenticator', {
      options: {
        protocol: 'ctap2',
        transport: 'usb',
        hasResidentKey: true,
        hasUserVerification: true,
        isUserVerified: true,
        automaticPresenceSimulation: true,
      },
    });
    keys.push(authenticatorId);
    return authenticatorId;
  };
  const first = await addKey();
  return {
    page,
    key: first,
    signCounts: async () => {
      const { credentials } = await devtools.send('WebAuthn.getCredentials', {
        authenticatorId: first,
      });
      return credentials.map(({ signCount }) => signCount);
    },
    addKey,
    touchOnly: async (key) => {
      for (const authenticatorId of keys) {
        const enabled = authenticatorId === key;
        await devtools.send('WebAuthn.setAutomaticPresenceSimulation', { authenticatorId, enabled });
      }
    },
    close: async () => {
      await context.close();
      rmSync(profile, { recursive: true, force: true });
    },
  };
}
