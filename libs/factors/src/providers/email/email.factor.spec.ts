import { isAddressRefused } from '@countersign/factor-kit';
import { describe, expect, it } from 'vitest';
import { circumstances } from '../circumstances.fixture.js';
import { EmailFactor } from './email.factor.js';

const factor = new EmailFactor();

describe('an e-mail factor', () => {
  it("sends to the address given, else to the account's", () => {
    expect(factor.address({ email: 'jo@example.com' }, circumstances())).toEqual({ email: 'jo@example.com' });
    const own = factor.address({}, circumstances({ account: 'alice@example.com' }));
    expect(own).toEqual({ email: 'alice@example.com' });
    if (isAddressRefused(own)) throw new Error('refused');
    expect(factor.recipient(own)).toEqual({ channel: 'email', to: 'alice@example.com' });
  });

  it('refuses an enrolment without an address where the account has none', () => {
    const refused = factor.address({}, circumstances({ account: 'customer-17' }));
    expect(isAddressRefused(refused) && refused.issues).toEqual([
      { path: ['email'], message: 'is required: the account has no e-mail address' },
    ]);
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
