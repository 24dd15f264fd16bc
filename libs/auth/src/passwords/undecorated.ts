/** Digits, punctuation and blanks at either end: what people and crackers put around a word. */
const DECORATION = /^[^\p{L}]+|[^\p{L}]+$/gu;

/**
 * The text from its first letter to its last one; empty where it has none.
 * @param text of bounded length: a long run of digits takes quadratic time
 */
export function undecorated(text: string): string {
  return text.replace(DECORATION, '');
}
