import { format, inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { Secret } from './secret-text.js';

describe('Secret', () => {
  const secret = new Secret('hunter2');

  it('gives its text to whoever asks for it', () => {
    expect(secret.reveal()).toBe('hunter2');
  });

  it('prints itself nowhere', () => {
    const nested = { password: secret, list: [secret] };
    const printed = [
      String(secret),
      secret.toString(),
      JSON.stringify(nested),
      inspect(nested, { depth: 9, showHidden: true }),
      format('%s %o %O %j', secret, secret, secret, secret),
      JSON.stringify({ ...secret }),
      JSON.stringify(Object.entries(secret)),
    ].join('\n');

    expect(printed).not.toContain('hunter2');
    expect([String(secret), JSON.stringify(secret), inspect(secret)]).toEqual([
      '[secret]',
      '"[secret]"',
      '[secret]',
    ]);
  });
});
