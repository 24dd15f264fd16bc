// A provider that talks to a system of its own has this long; then its silence is a refusal.
const PATIENCE_MS = 5_000;

/** A signal that aborts when the engine stops waiting for a provider. */
export function patience(): AbortSignal {
  return AbortSignal.timeout(PATIENCE_MS);
}

/**
 * Waits for what a provider's code returned. Rejects with what it threw, or once the signal aborts.
 *
 * @param result a plain value costs nothing: no timer is made for it
 * @param signalOf the one that the provider was handed, if it was
 */
export async function bounded<T>(
  result: T | PromiseLike<T>,
  signalOf: () => AbortSignal = patience,
): Promise<T> {
  if (!isThenable(result)) return result;
  const end = signalOf();
  return Promise.race([
    result,
    new Promise<never>((_, reject) => {
      end.addEventListener('abort', () => reject(new Error('took too long')), { once: true });
    }),
  ]);
}

function isThenable<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return typeof value === 'object' && value !== null && 'then' in value;
}
