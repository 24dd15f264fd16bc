/**
 * The part of a key that decides its cluster slot: the text in the first non-empty braces, else the whole key
 * (Redis Cluster specification, "Hash tags").
 */
function slotTag(key: string): string {
  const open = key.indexOf('{');
  if (open < 0) return key;
  const close = key.indexOf('}', open + 1);
  return close > open + 1 ? key.slice(open + 1, close) : key;
}

/**
 * Holds every call to one cluster slot, on every adapter, so that a mistake shows on the first developer's machine
 * and not on the first operator's cluster.
 * @throws {TypeError} where two keys carry different tags; the message names the tags only by their keys' order
 */
export function assertOneSlot(keys: readonly string[]): void {
  const first = keys[0];
  if (first === undefined || keys.length === 1) return;
  const tag = slotTag(first);
  const stranger = keys.findIndex((key) => slotTag(key) !== tag);
  if (stranger > 0) {
    throw new TypeError(`key ${stranger} of one ephemeral store call is in another cluster slot than key 0`);
  }
}
