import type { Circumstances } from '@countersign/factor-kit';

/** Circumstances for specs of providers: a fixed moment, person and issuer, and whatever the spec replaces. */
export function circumstances(replaced: Partial<Circumstances> = {}): Circumstances {
  return {
    now: new Date('2026-03-01T12:00:00Z'),
    ids: { application: 'app_1', user: 'user_1', factor: 'factor_1' },
    issuer: 'Acme',
    account: 'alice@example.com',
    origins: ['https://app.example.com'],
    nonce: new Uint8Array(32),
    siblings: [],
    signal: new AbortController().signal,
    ...replaced,
  };
}
