import type { Circumstances } from '@countersign/factor-kit';

/**
 * Circumstances for a provider's own unit specs: a fixed moment, person, issuer and nonce.
 * @param replaced what a spec wants otherwise
 */
export function circumstances(replaced: Partial<Circumstances> = {}): Circumstances {
  return {
    now: new Date('2026-03-01T12:00:00Z'),
    ids: {
      application: 'app_01jdc0m6bye5ts0kc28f7q9v3m',
      user: 'usr_01jdc0m6bye5ts0kc28f7q9v3m',
      factor: 'fac_01jdc0m6bye5ts0kc28f7q9v3m',
    },
    issuer: 'Acme',
    account: 'alice@example.com',
    origins: ['https://app.example.com'],
    nonce: new Uint8Array(32),
    siblings: [],
    signal: new AbortController().signal,
    ...replaced,
  };
}
