import { describe, expect, it } from 'vitest';
import { newId, type Sealer, TestClock } from '@countersign/core';
import { createSecretKey } from 'node:crypto';
import { RefreshTokens } from './refresh-tokens.js';

const tokensUnder = (secret: string): RefreshTokens => {
  const sealer: Pick<Sealer, 'deriveKey'> = {
    deriveKey: (purpose) => createSecretKey(Buffer.from(`${secret}:${purpose}`)),
  };
  return new RefreshTokens(sealer as Sealer);
};

describe('RefreshTokens', () => {
  const tokens = tokensUnder('key');
  const sessionId = newId(new TestClock());
  const read = (text: string): NonNullable<ReturnType<typeof tokens.parse>> => {
    const presented = tokens.parse(text);
    if (presented === undefined) throw new Error(`${text} is no refresh token`);
    return presented;
  };
  const first = tokens.mint(sessionId);
  const chain = [first];
  for (let rotation = 0; rotation < 5; rotation += 1) {
    chain.push(tokens.successor(read((chain.at(-1) ?? first).token)));
  }

  it('carry their session and the digest that is kept', () => {
    expect(read(first.token)).toMatchObject({ sessionId, digest: first.digest });
  });

  it('are never the same twice for one session', () => {
    expect(tokens.mint(sessionId).token).not.toBe(first.token);
  });

  it('have one successor each, which only the key can tell', () => {
    const again = tokens.successor(read(first.token));
    expect(again).toEqual(chain[1]);
    expect(tokensUnder('other key').successor(read(first.token)).token).not.toBe(again.token);
    expect(new Set(chain.map(({ token }) => token)).size).toBe(chain.length);
  });

  it('tell every token that was in force before from one that never was', () => {
    const current = (chain.at(-1) ?? first).digest;
    const generation = chain.length - 1;
    for (const { token } of chain.slice(0, -1)) {
      expect(tokens.isAncestor(read(token), [current], generation)).toBe(true);
    }
    expect(tokens.isAncestor(read((chain.at(-1) ?? first).token), [current], generation)).toBe(false);
    expect(tokens.isAncestor(read(tokens.mint(sessionId).token), [current], generation)).toBe(false);
  });

  it('do not go back further than the session was ever rotated', () => {
    const current = (chain[2] ?? first).digest;
    expect(tokens.isAncestor(read(first.token), [current], 2)).toBe(true);
    expect(tokens.isAncestor(read(first.token), [current], 1)).toBe(false);
  });

  it('end the walk after a bounded number of steps, however often a session was rotated', () => {
    const stranger = read(tokens.mint(sessionId).token);
    expect(tokens.isAncestor(stranger, [first.digest], Number.MAX_SAFE_INTEGER)).toBe(false);
  });
});
