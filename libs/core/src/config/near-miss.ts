/**
 * Warns of variables that are probably meant to be ours.
 *
 * @param env the environment
 * @param known every name that we read
 * @returns one sentence for each suspicious name
 */
export function nearMisses(
  env: Readonly<Record<string, string | undefined>>,
  known: readonly string[],
): string[] {
  const names = new Set(known);
  return Object.keys(env).flatMap((name) => {
    if (names.has(name) || name.length < 5) return [];
    const meant = known.find((candidate) => distance(name, candidate) <= (candidate.length < 9 ? 1 : 2));
    return meant === undefined ? [] : [`${name} is not known; did you mean ${meant}?`];
  });
}

/** Edit distance (Levenshtein), cut off early where the lengths alone tell enough. */
function distance(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > 2) return 3;
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const substitution = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(substitution, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
