import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CoreConfig, coreSection } from '../core.config.js';
import { ConfigError, knownNames, loadConfig, type LoadedConfig } from './load-config.js';
import type { ConfigSection } from './section.js';

const SECTIONS = [coreSection] as unknown as readonly ConfigSection[];
const KEY = Buffer.alloc(32, 7).toString('base64');

function load(env: Record<string, string>): LoadedConfig {
  return loadConfig(env, SECTIONS);
}

function core(env: Record<string, string>): CoreConfig {
  return load(env).slices['core'] as CoreConfig;
}

/** The variables at fault, in order. */
function faultsOf(env: Record<string, string>): string[] {
  try {
    load(env);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.faults.map(({ variable }) => variable);
  }
}

const PRODUCTION = {
  NODE_ENV: 'production',
  PUBLIC_URL: 'https://auth.example.com',
  DATABASE_URL: 'postgres://someone:word@db.example.com/countersign',
  REDIS_URL: 'redis://redis.example.com',
  MASTER_KEY: KEY,
};

describe('the configuration', () => {
  it('starts from nothing in development, with the documented defaults', () => {
    expect(core({})).toMatchObject({
      environment: 'development',
      production: false,
      role: 'all',
      host: '127.0.0.1',
      port: 3000,
      publicUrl: 'http://127.0.0.1:3000',
      databaseUrl: undefined,
      redis: undefined,
      masterKeys: undefined,
      dataDir: '.data',
    });
  });

  it('listens everywhere in production', () => {
    expect(core(PRODUCTION)).toMatchObject({ production: true, host: '0.0.0.0' });
  });

  it.each(['PUBLIC_URL', 'DATABASE_URL', 'REDIS_URL', 'MASTER_KEY'] as const)(
    'refuses production without %s, by name',
    (name) => {
      expect(faultsOf({ ...PRODUCTION, [name]: '' })).toEqual([name]);
    },
  );

  it('refuses production with an http address', () => {
    expect(faultsOf({ ...PRODUCTION, PUBLIC_URL: 'http://auth.example.com' })).toEqual(['PUBLIC_URL']);
  });

  it.each([
    ['http-public-url', { PUBLIC_URL: 'http://auth.example.com' }],
    ['embedded-database', { DATABASE_URL: '' }],
    ['in-process-store', { REDIS_URL: '' }],
  ])('accepts in production what the operator allows as %s, and only that', (allowance, env) => {
    expect(faultsOf({ ...PRODUCTION, ...env, ALLOW_IN_PRODUCTION: allowance })).toEqual([]);
    expect(faultsOf({ ...PRODUCTION, ...env, MASTER_KEY: '', ALLOW_IN_PRODUCTION: allowance })).toEqual([
      'MASTER_KEY',
    ]);
  });

  it('knows no other allowance', () => {
    expect(faultsOf({ ...PRODUCTION, ALLOW_IN_PRODUCTION: 'mailbox' })).toEqual(['ALLOW_IN_PRODUCTION']);
  });

  it('holds surroundings that nobody knows to the rules of production', () => {
    expect(faultsOf({ NODE_ENV: 'prod' })).toEqual([
      ...['NODE_ENV', 'PUBLIC_URL', 'DATABASE_URL', 'REDIS_URL', 'MASTER_KEY'],
    ]);
  });

  it('tells every fault at once, a wrong value beside a missing one', () => {
    expect(faultsOf({ NODE_ENV: 'production', PORT: 'http', ROLE: 'boss', PUBLIC_URL: 'ftp://x' })).toEqual([
      ...['ROLE', 'PORT', 'PUBLIC_URL', 'DATABASE_URL', 'REDIS_URL', 'MASTER_KEY'],
    ]);
  });

  it.each([
    ['PORT', '65536'],
    ['PORT', '-1'],
    ['PUBLIC_URL', 'https://auth.example.com/?a=b'],
    ['PUBLIC_URL', 'https://user:word@auth.example.com'],
    ['PUBLIC_URL', 'https://:word@auth.example.com'],
    ['PUBLIC_URL', 'https:auth.example.com'],
    ['PUBLIC_URL', 'https://auth.example.com/#'],
    ['PUBLIC_URL', 'https://auth.exa\nmple.com'],
    ['CORS_ORIGINS', 'https://app.example.com,https://*.example.com'],
    ['CORS_ORIGINS', 'https://app.example.com/'],
    ['HOST', 'local\u0007host'],
    ['DATABASE_URL', 'mysql://localhost/x'],
    ['DATABASE_URL', 'postgres://[broken'],
    ['DATABASE_PREPARED', 'yes'],
    ['REDIS_URL', 'localhost:6379'],
    ['MASTER_KEY', 'short'],
    ['MASTER_KEY', `${KEY},short`],
    ['EVENT_RETENTION', '400'],
  ])('refuses %s=%s by name and without repeating the value of a secret', (name, value) => {
    expect(faultsOf({ [name]: value })).toEqual([name]);
    if (coreSection.secrets.some((secret) => secret === name)) {
      expect(() => load({ [name]: value })).not.toThrow(value);
    }
  });

  it.each([
    ['https://Auth.Example.COM', 'https://auth.example.com'],
    ['HTTPS://auth.example.com:443/', 'https://auth.example.com'],
    ['https://auth.example.com/Sub//', 'https://auth.example.com/Sub'],
    ['https://auth.example.com\r', 'https://auth.example.com'],
    ['https://müller.example', 'https://xn--mller-kva.example'],
  ])('keeps PUBLIC_URL=%j as it was parsed', (text, kept) => {
    expect(core({ PUBLIC_URL: text }).publicUrl).toBe(kept);
    expect(core({ ...PRODUCTION, PUBLIC_URL: text }).publicUrl).toBe(kept);
  });

  it('names the pattern in a list of origins, and what to write instead', () => {
    expect(() => load({ CORS_ORIGINS: 'https://*.example.com' })).toThrow(
      /CORS_ORIGINS: “https:\/\/\*\.example\.com” is a pattern.*list each one/,
    );
  });

  it.each(Object.keys(coreSection.variables))(
    'cuts off what nobody sees at the ends of %s, and says so without the value',
    (name) => {
      const valid: Record<string, string> = { ...PRODUCTION, ROLE: 'api', PORT: '80', REDIS_PORT: '1' };
      const value = valid[name] ?? { CORS_ORIGINS: 'https://a.example' }[name];
      if (value === undefined) return;
      const { slices, warnings } = load({ ...valid, [name]: `\ufeff ${value}\u00a0\r` });
      expect(slices).toEqual(load({ ...valid, [name]: value }).slices);
      expect(warnings).toEqual([`${name} has blanks or control characters at its ends, which were cut off.`]);
    },
  );

  it('takes a variable of blanks for absent', () => {
    expect(core({ PUBLIC_URL: ' \r', NODE_ENV: '\t' })).toMatchObject({
      environment: 'development',
      publicUrl: 'http://127.0.0.1:3000',
    });
  });

  it('warns of a name that is nearly one of ours, also beside the faults it may explain', () => {
    expect(load({ DATABSE_URL: 'x' }).warnings).toEqual([
      'DATABSE_URL is not known; did you mean DATABASE_URL?',
    ]);
    expect(() => load({ ...PRODUCTION, MASTER_KEY: '', MASTERKEY: KEY })).toThrow('did you mean MASTER_KEY?');
    expect(load({ PATH: '/bin', SHELL: 'sh', HOSTNAME: 'here', PWD: '/', SHLVL: '1' }).warnings).toEqual([]);
  });

  it('counts REDIS_HOST only where REDIS_URL is not set', () => {
    expect(core({ REDIS_HOST: 'cache', REDIS_PASSWORD: 'word' }).redis).toEqual({
      ...{ host: 'cache', port: 6379, password: 'word' },
    });
    expect(core({ REDIS_HOST: 'cache', REDIS_URL: 'redis://other' }).redis).toEqual({ url: 'redis://other' });
    expect(core({ REDIS_PORT: '7000' }).redis).toBeUndefined();
  });

  it('freezes what it hands out', () => {
    expect(Object.isFrozen(load({}).slices)).toBe(true);
    expect(Object.isFrozen(core({}))).toBe(true);
  });

  describe('of a secret in a file', () => {
    let folder: string;
    beforeAll(() => {
      folder = mkdtempSync(join(tmpdir(), 'countersign-config-'));
    });
    afterAll(() => rmSync(folder, { recursive: true }));

    const file = (content: string): string => {
      const path = join(folder, 'secret');
      writeFileSync(path, content);
      return path;
    };

    it('is read, without the line break at its end', () => {
      expect(core({ MASTER_KEY_FILE: file(`${KEY}\n`) }).masterKeys?.map((key) => key.reveal())).toEqual([
        KEY,
      ]);
    });

    it('is refused where the file is missing or empty, or the variable is set as well', () => {
      expect(faultsOf({ MASTER_KEY_FILE: join(folder, 'nowhere') })).toEqual(['MASTER_KEY_FILE']);
      expect(faultsOf({ MASTER_KEY_FILE: file('\n') })).toEqual(['MASTER_KEY_FILE']);
      expect(faultsOf({ MASTER_KEY_FILE: file(KEY), MASTER_KEY: KEY })).toEqual(['MASTER_KEY']);
    });

    it('is known by its name for every secret, and for nothing else', () => {
      const names = knownNames(SECTIONS).filter((name) => name.endsWith('_FILE'));
      expect(names).toEqual(coreSection.secrets.map((name) => `${name}_FILE`));
    });
  });
});
