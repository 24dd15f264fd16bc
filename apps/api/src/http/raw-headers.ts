/**
 * How often a header came. Of some, Node keeps the first and drops the others without a word.
 *
 * @param rawHeaders names and values in turns, as Node gives them
 * @param name in lower case
 */
export function occurrences(rawHeaders: readonly string[], name: string): number {
  let count = 0;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const header = rawHeaders[at];
    if (header?.length === name.length && header.toLowerCase() === name) count += 1;
  }
  return count;
}
