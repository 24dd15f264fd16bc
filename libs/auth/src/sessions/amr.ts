import type { SecondFactorProof } from '@countersign/factors';

/**
 * The authentication methods of a login (RFC 8176): the password, what stood for the second factor, and `mfa` where
 * one was really answered. A trusted device is none, so it adds `device` and no more.
 */
export function amrOf({ ground }: Pick<SecondFactorProof, 'ground'>): string[] {
  if (ground.kind === 'factor') return [...new Set(['pwd', ...ground.amr, 'mfa'])];
  return ground.kind === 'device' ? ['pwd', 'device'] : ['pwd'];
}
