import { hashSync, parseOptions } from '@node-rs/argon2';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { HashingBusy } from './hashing-pool.js';
import { PasswordHasher, type HashingOptions } from './password-hasher.js';

const verified: string[] = [];

vi.mock('@node-rs/argon2', async (importOriginal) => {
  const argon2 = await importOriginal<typeof import('@node-rs/argon2')>();
  return {
    ...argon2,
    verify: (stored: string, password: string) => {
      verified.push(stored);
      return argon2.verify(stored, password);
    },
  };
});

/** Far below the floor, so that the specs are quick. */
const CHEAP: HashingOptions = { memoryKib: 64, timeCost: 2, parallelism: 1, concurrency: 2 };
const PASSWORD = 'correct horse battery staple';

beforeEach(() => {
  verified.length = 0;
});

describe('a password hash', () => {
  it('is Argon2id with the configured parameters and a salt of its own', async () => {
    const hasher = new PasswordHasher({ ...CHEAP, memoryKib: 96, timeCost: 3, parallelism: 2 });
    const [one, other] = await Promise.all([hasher.hash(PASSWORD), hasher.hash(PASSWORD)]);

    expect(one).toMatch(/^\$argon2id\$v=19\$m=96,t=3,p=2\$/);
    expect(one).not.toBe(other);
  });

  it('fits its password and no other', async () => {
    const hasher = new PasswordHasher(CHEAP);
    const stored = await hasher.hash(PASSWORD);

    expect(await hasher.verify(stored, PASSWORD)).toBe(true);
    expect(await hasher.verify(stored, PASSWORD.toUpperCase())).toBe(false);
    expect(await hasher.verify(stored, `${PASSWORD} `)).toBe(false);
    expect(await hasher.verify(stored, '')).toBe(false);
  });

  it('fits the same password however its Unicode is spelled', async () => {
    const hasher = new PasswordHasher(CHEAP);
    const typed = 'Ångström–größe';

    expect(await hasher.verify(await hasher.hash(typed.normalize('NFD')), typed.normalize('NFC'))).toBe(true);
    expect(await hasher.verify(await hasher.hash('ｃｏｒｒｅｃｔ'), 'correct')).toBe(true);
  });

  it('still fits when it was made with other parameters', async () => {
    const stored = await new PasswordHasher(CHEAP).hash(PASSWORD);

    expect(await new PasswordHasher({ ...CHEAP, memoryKib: 128 }).verify(stored, PASSWORD)).toBe(true);
  });

  it('that is no PHC string is an error and not a wrong password', async () => {
    await expect(new PasswordHasher(CHEAP).verify('nonsense', PASSWORD)).rejects.toThrow();
    expect(() => new PasswordHasher(CHEAP).needsRehash('nonsense')).toThrow();
  });
});

describe('needsRehash', () => {
  const hasher = new PasswordHasher(CHEAP);
  const stored = (options: Parameters<typeof hashSync>[1]) =>
    hashSync(PASSWORD, { memoryCost: 64, timeCost: 2, parallelism: 1, ...options });

  it('is false for a hash as strong as configured, or stronger', async () => {
    expect(hasher.needsRehash(await hasher.hash(PASSWORD))).toBe(false);
    expect(hasher.needsRehash(stored({ memoryCost: 128, timeCost: 3, parallelism: 2 }))).toBe(false);
  });

  it.each([
    ['less memory', { memoryCost: 32 }],
    ['fewer passes', { timeCost: 1 }],
    ['another algorithm', { algorithm: 1 }],
    ['an older version', { version: 0 }],
    ['a shorter result', { outputLen: 16 }],
  ])('is true for a hash with %s', (_what, options) => {
    expect(hasher.needsRehash(stored(options))).toBe(true);
  });

  it('is true for a hash with fewer lanes', () => {
    expect(new PasswordHasher({ ...CHEAP, parallelism: 2 }).needsRehash(stored({}))).toBe(true);
  });
});

describe('verifyAgainstNothing', () => {
  it('is false for every password and costs what a real verification costs, from the first time on', async () => {
    const options = { ...CHEAP, memoryKib: 96, timeCost: 3, parallelism: 2 };
    const hasher = new PasswordHasher(options);
    const real = parseOptions(await hasher.hash(PASSWORD));

    expect(await hasher.verifyAgainstNothing(PASSWORD)).toBe(false);
    expect(await hasher.verifyAgainstNothing('')).toBe(false);
    expect(verified.map((stored) => parseOptions(stored))).toEqual([real, real]);
  });

  it('waits in the same queue', async () => {
    const hasher = new PasswordHasher({ ...CHEAP, concurrency: 1, queue: 0 });
    const running = hasher.hash(PASSWORD);

    await expect(hasher.verifyAgainstNothing(PASSWORD)).rejects.toBeInstanceOf(HashingBusy);
    await running;
  });
});

describe('the hasher', () => {
  it('is busy for everything while its pool and its queue are full, and works again after', async () => {
    const hasher = new PasswordHasher({ ...CHEAP, concurrency: 1, queue: 1 });
    const taken = [hasher.hash(PASSWORD), hasher.hash(PASSWORD)];

    await expect(hasher.hash(PASSWORD)).rejects.toBeInstanceOf(HashingBusy);
    const [stored = ''] = await Promise.all(taken);
    expect(await hasher.verify(stored, PASSWORD)).toBe(true);
  });

  it('lets 128 wait where nothing else is said', async () => {
    const hasher = new PasswordHasher({ ...CHEAP, concurrency: 1 });
    const all = await Promise.allSettled(Array.from({ length: 130 }, () => hasher.hash(PASSWORD)));

    expect(all.filter(({ status }) => status === 'fulfilled')).toHaveLength(129);
  });
});
