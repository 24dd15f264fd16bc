import { fromUUIDBytes, toUUIDBytes, typeidUnboxed } from 'typeid-js';
import { uuidFromBytes, uuidToBytes } from './uuid-bytes.js';

/** Every prefix that an id of ours may carry: the closed list of api.md. */
export const ID_PREFIXES = ['app', 'usr', 'fac', 'chl', 'dev', 'ses', 'key', 'whk', 'dlv', 'evt'] as const;

/** What kind of thing a public id names. */
export type IdPrefix = (typeof ID_PREFIXES)[number];

/** 128 bits in 26 symbols of five bits leave two bits over: the first symbol is at most 7. */
const SUFFIX = /^[0-7][0-9a-hjkmnp-tv-z]{25}$/;

/**
 * The TypeID (specification 0.3) under which an id is shown outside.
 * @param prefix the kind of thing
 * @param uuid lower-case with dashes, as PostgreSQL and `newId` write it
 * @returns `usr_01j…`: the prefix, an underscore and 26 symbols of Crockford base32
 * @throws TypeError when `uuid` is none
 */
export function publicId(prefix: IdPrefix, uuid: string): string {
  return fromUUIDBytes(prefix, uuidToBytes(uuid));
}

/**
 * Reads a public id that came from outside. Each UUID has one spelling only: upper case, look-alikes, blanks, an
 * overflowing first symbol and another kind's prefix are all refused.
 * @param prefix the kind of thing that is expected
 * @returns the UUID, lower-case with dashes; undefined for anything else. Never throws.
 */
export function parsePublicId(prefix: IdPrefix, text: string): string | undefined {
  const start = `${prefix}_`;
  if (!text.startsWith(start)) return undefined;
  const suffix = text.slice(start.length);
  return SUFFIX.test(suffix) ? uuidFromBytes(toUUIDBytes(typeidUnboxed(prefix, suffix))) : undefined;
}
