import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { databaseUrlFault } from './database-url.js';

describe('DATABASE_URL', () => {
  it.each([
    'postgres://countersign:word@db.example.com:5432/countersign',
    'postgresql:///countersign?host=/var/run/postgresql&user=countersign',
    'postgres://countersign:p%40ss%2Fw%25@[::1]:5432/countersign?sslmode=verify-full&sslrootcert=/etc/ca.pem',
    'postgres://countersign:p@ss@db.example.com/countersign',
  ])('may read %s', (url) => {
    expect(databaseUrlFault(url)).toBeUndefined();
  });

  it.each(['100%', 'p@ss/w', 'p#w', 'p?w', '12/w', '1?w', '1#w', 'p@ss?w', 'p@1#w', '%zz', '%ff', 'a/b@c'])(
    'with the password %s is refused with what to write instead, and without a piece of it',
    (password) => {
      const fault = databaseUrlFault(`postgres://countersign:${password}@db.example.com:5432/countersign`);
      expect(fault).toContain('percent-encoded');
    },
  );

  it('is taken as it is meant, or refused', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'aB1/?#@%:[]&= ') }), (password) => {
        const url = `postgres://countersign:${password}@db.example.com:5432/countersign`;
        if (databaseUrlFault(url) === undefined) {
          expect(new URL(url).hostname).toBe('db.example.com');
        }
      }),
    );
  });

  it('with a password that is percent-encoded is never refused', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (password) => {
        const url = `postgres://countersign:${encodeURIComponent(password)}@db.example.com:5432/countersign`;
        expect(databaseUrlFault(url)).toBeUndefined();
      }),
    );
  });
});
