/** A name without anything that could begin another line. */
export function plain(name: string): string {
  return name
    .replace(/[\p{Cc}\p{Zl}\p{Zp}\p{Cs}]+/gu, ' ')
    .replace(/\s+/g, ' ')
    .trim();
}
