import { isRefused } from '@countersign/factor-kit';
import { describe, expect, it } from 'vitest';
import { circumstances } from '../circumstances.fixture.js';
import { EmailFactor } from './email.factor.js';

const factor = new EmailFactor();

describe('an e-mail factor', () => {
  it("sends to the address given, else to the account's", () => {
    expect(factor.address({ email: 'jo@example.com' }, circumstances())).toEqual({ email: 'jo@example.com' });
    const own = factor.address({}, circumstances({ account: 'alice@example.com' }));
    expect(own).toEqual({ email: 'alice@example.com' });
    if (isRefused(own)) throw new Error('refused');
    expect(factor.recipient(own)).toEqual({ channel: 'email', to: 'alice@example.com' });
  });

  it('refuses an enrolment without an address where the account has none', () => {
    const refused = factor.address({}, circumstances({ account: 'customer-17' }));
    expect(isRefused(refused) && refused.issues).toEqual([
      { path: ['email'], message: 'is required: the account has no e-mail address' },
    ]);
  });

  it('refuses an enrolment without an address where mail cannot go to that of the account', () => {
    const refused = factor.address({}, circumstances({ account: '"jo x"@example.com' }));
    expect(isRefused(refused) && refused.issues).toEqual([
      { path: ['email'], message: "is required: mail cannot go to the account's address" },
    ]);
  });

  it.each([
    ['a&b@example.com', 'a&b@example.com'],
    ['jo/x#=~!*{}@example.com', 'jo/x#=~!*{}@example.com'],
    ['é@example.com', 'é@example.com'],
    [' Jo@Example.com ', 'jo@example.com'],
    ['x@müller.de', 'x@xn--mller-kva.de'],
    ['x@xn--80a1acny.xn--p1ai', 'x@xn--80a1acny.xn--p1ai'],
  ])("takes %s, given or the account's, and sends to %s", (spelled, to) => {
    expect(factor.input.parse({ email: spelled })).toEqual({ email: to });
    expect(factor.address({}, circumstances({ account: spelled }))).toEqual({ email: to });
    expect(factor.secret.parse({ email: to })).toEqual({ email: to });
  });

  it.each([
    'jo',
    'jo@',
    '@example.com',
    'jo@example',
    'a b@example.com',
    'jo@example.com\nx',
    'jo@exa_mple.com,x@y.zz',
  ])('takes %j for no address', (email) => {
    expect(factor.input.safeParse({ email }).success).toBe(false);
  });
});
