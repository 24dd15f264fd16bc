const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/**
 * The 16 bytes of a UUID.
 * @param uuid lower-case hexadecimal with dashes, of any version (RFC 9562 section 4)
 * @throws TypeError for any other text; ids from outside are parsed before they come here
 */
export function uuidToBytes(uuid: string): Buffer {
  if (!UUID.test(uuid)) throw new TypeError('expected a UUID in lower case');
  return Buffer.from(uuid.replaceAll('-', ''), 'hex');
}

/**
 * The UUID that 16 bytes spell, lower-case with dashes. Any 16 bytes are taken, also where version and variant are
 * none that exist: such an id is simply never found.
 * @throws TypeError for another number of bytes
 */
export function uuidFromBytes(bytes: Uint8Array): string {
  if (bytes.length !== 16) throw new TypeError('expected 16 bytes');
  const hex = Buffer.from(bytes).toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
