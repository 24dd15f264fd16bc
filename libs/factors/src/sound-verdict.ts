import type { Freshness, Verdict } from '@countersign/factor-kit';

// Watermarks are PostgreSQL's bigint.
const LAST_STEP = 2n ** 63n - 1n;
// A digest is far shorter; an index entry could not be much longer.
const TOKEN = /^[\x20-\x7e]{1,512}$/;

/**
 * What a provider returned, if it is a verdict that the engine can act on. Only a well-formed acceptance is one:
 * `undefined`, `true` or a truthy object from a stranger's provider is not, nor is one that names nothing to spend.
 *
 * @returns a verdict of our own making that holds nothing else of the provider's; `undefined` for anything else
 */
export function soundVerdict(value: unknown): Verdict<unknown> | undefined {
  if (typeof value !== 'object' || value === null || !('accepted' in value)) return undefined;
  if (value.accepted === false) return soundRefusal(value);
  if (value.accepted !== true || !('fresh' in value)) return undefined;
  const fresh = soundFreshness(value.fresh);
  if (fresh === undefined) return undefined;
  return { accepted: true, fresh, ...('secret' in value ? { secret: value.secret } : {}) };
}

function soundRefusal(value: object): Exclude<Verdict<unknown>, { accepted: true }> {
  const reason = 'reason' in value ? value.reason : undefined;
  if (reason === 'clock' && 'driftSeconds' in value && Number.isSafeInteger(value.driftSeconds)) {
    return { accepted: false, reason, driftSeconds: Number(value.driftSeconds) };
  }
  return { accepted: false, reason: reason === 'stale' ? reason : 'mismatch' };
}

function soundFreshness(fresh: unknown): Freshness | undefined {
  if (fresh === 'challenge-bound') return fresh;
  if (typeof fresh !== 'object' || fresh === null) return undefined;
  if ('step' in fresh) {
    const { step } = fresh;
    return typeof step === 'bigint' && step >= 0n && step <= LAST_STEP ? { step } : undefined;
  }
  if (!('token' in fresh)) return undefined;
  const { token } = fresh;
  return typeof token === 'string' && TOKEN.test(token) ? { token } : undefined;
}
