/** Stands in a page for what differs each time. */
const ELLIPSIS = '…';

/** Lifetimes in seconds, of which one or two may have passed. */
const LIFETIME = /^(expiresIn|refreshExpiresIn)$/;

/**
 * Compares an answer with the one that a page shows.
 *
 * A string of the page may hold `…` for anything; a lone `…` is any value that is not empty. Everything else has to
 * be the same: keys, lengths of lists, texts, numbers.
 *
 * @param path where in the answer, for the messages
 * @returns one sentence for each difference
 */
export function unlikeness(actual: unknown, shown: unknown, path = '$'): string[] {
  if (typeof shown === 'string' && shown.includes(ELLIPSIS)) {
    if (typeof actual === 'string' ? patternOf(shown).test(actual) : shown === ELLIPSIS && actual !== null)
      return [];
    return [`${path} is ${JSON.stringify(actual)}, the page shows ${shown}`];
  }
  if (Array.isArray(shown)) {
    if (!Array.isArray(actual) || actual.length !== shown.length) return [`${path} is not as long as shown`];
    return shown.flatMap((item, index) => unlikeness(actual[index], item, `${path}[${index}]`));
  }
  if (isRecord(shown)) {
    if (!isRecord(actual)) return [`${path} is no object`];
    const keys = [...new Set([...Object.keys(shown), ...Object.keys(actual)])];
    return keys.flatMap((key) => {
      if (!(key in shown)) return [`${path}.${key} is not on the page`];
      if (!(key in actual)) return [`${path}.${key} is on the page but not in the answer`];
      const late =
        LIFETIME.test(key) && typeof actual[key] === 'number' && Number(shown[key]) - actual[key] <= 2;
      return late ? [] : unlikeness(actual[key], shown[key], `${path}.${key}`);
    });
  }
  return actual === shown
    ? []
    : [`${path} is ${JSON.stringify(actual)}, the page shows ${JSON.stringify(shown)}`];
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function patternOf(shown: string): RegExp {
  const parts = shown.split(ELLIPSIS).map((part) => part.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&'));
  return new RegExp(`^${parts.join('.+')}$`, 's');
}
