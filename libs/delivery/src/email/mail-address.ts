/**
 * Whether a text is one address that mail can be sent to, as far as its form tells (RFC 5321 section 4.1.2, without
 * quoted local parts): nothing in it can end the address and begin another header or recipient.
 */
export function isMailAddress(text: string): boolean {
  return /^[^\s<>()[\]\\,;:@"\p{Cc}]{1,64}@[^\s<>()[\]\\,;:@"\p{Cc}]{1,189}$/u.test(text);
}
