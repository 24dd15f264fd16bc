import type { FactorView } from '../factor.store.js';

/**
 * The hint of a new device, told apart from those of the same name that its user has: `YubiKey 5 (2)`. Factors without an
 * identity are left alone: what they are called says where they lead, not which device they are.
 */
export function distinctHint(
  { hint, identity }: { readonly hint: string; readonly identity?: Buffer | undefined },
  type: string,
  active: readonly Pick<FactorView, 'type' | 'hint'>[],
): string {
  if (identity === undefined) return hint;
  const taken = new Set(active.filter((other) => other.type === type).map((other) => other.hint));
  if (!taken.has(hint)) return hint;
  let nth = 2;
  while (taken.has(`${hint} (${nth})`)) nth += 1;
  return `${hint} (${nth})`;
}
