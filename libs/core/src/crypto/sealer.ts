import { createSecretKey, hkdfSync, type KeyObject } from 'node:crypto';
import { uuidFromBytes, uuidToBytes } from '../ids/uuid-bytes.js';
import { AES_GCM_OVERHEAD, decrypt, encrypt, unambiguous } from './aes-gcm.js';
import { type DataKey } from './data-key.js';

const FORMAT = 1;
const HEADER_BYTES = 1 + 16;

/**
 * Where a sealed value lives. It opens nowhere else, so that nobody can put one row's secret into another; whoever may
 * write the database can still give the whole row to somebody else.
 */
export interface Place {
  readonly table: string;
  /** The row's id, or whatever else tells rows apart. */
  readonly row: string;
  readonly field: string;
}

/** Raised when a sealed value does not open: changed, moved to another place, or of a data key that is not here. */
export class SealBroken extends Error {
  override readonly name = 'SealBroken';

  constructor(place: Place, reason: string) {
    super(`the sealed ${place.table}.${place.field} of row ${place.row} does not open: ${reason}`);
  }
}

/**
 * Seals secrets for the database with AES-256-GCM under a data key, bound to table, row and field. A sealed value is
 * format (1 byte), data key id (16), nonce (12), ciphertext, tag (16). Random nonces allow 2^32 values for one data
 * key (NIST SP 800-38D section 8.3); a new data key in front starts anew, while the older ones still open.
 */
export class Sealer {
  readonly #keys: ReadonlyMap<string, KeyObject>;
  readonly #current: { readonly header: Buffer; readonly key: KeyObject };
  readonly #oldest: KeyObject;

  /**
   * @param dataKeys newest first: the first one seals, all of them open, the last one derives
   * @throws Error when there is none, or one is not of 32 bytes
   */
  constructor(dataKeys: readonly DataKey[]) {
    const current = dataKeys.at(0);
    const oldest = dataKeys.at(-1);
    if (current === undefined || oldest === undefined) throw new Error('a sealer needs a data key');
    if (dataKeys.some(({ key }) => key.symmetricKeySize !== 32)) throw new Error('a data key has 32 bytes');
    this.#keys = new Map(dataKeys.map(({ id, key }) => [id, key]));
    this.#current = { header: Buffer.concat([Buffer.of(FORMAT), uuidToBytes(current.id)]), key: current.key };
    this.#oldest = oldest.key;
  }

  /** Seals bytes or a text (as UTF-8) for one place. Two seals of the same value differ. */
  seal(plaintext: string | Uint8Array, place: Place): Buffer {
    const { header, key } = this.#current;
    const bytes = typeof plaintext === 'string' ? Buffer.from(plaintext, 'utf8') : plaintext;
    return Buffer.concat([header, encrypt(key, bytes, boundTo(header, place))]);
  }

  /**
   * Opens what `seal` returned for the same place.
   * @throws SealBroken, without a secret in it, when the value was changed, is too short, was sealed for another
   * place or with a data key that is not here
   */
  open(sealed: Uint8Array, place: Place): Buffer {
    if (sealed.length < HEADER_BYTES + AES_GCM_OVERHEAD) throw new SealBroken(place, 'too short');
    if (sealed[0] !== FORMAT) throw new SealBroken(place, 'unknown format');
    const header = sealed.subarray(0, HEADER_BYTES);
    const key = this.#keys.get(uuidFromBytes(header.subarray(1)));
    if (key === undefined) throw new SealBroken(place, 'its data key is not here');
    const plaintext = decrypt(key, sealed.subarray(HEADER_BYTES), boundTo(header, place));
    if (plaintext === undefined) throw new SealBroken(place, 'it was changed, or sealed for another place');
    return plaintext;
  }

  /**
   * Seals a value as JSON.
   * @throws TypeError for what JSON has no form for: undefined, functions, bigints, cycles
   */
  sealJson(value: unknown, place: Place): Buffer {
    const json = JSON.stringify(value) as string | undefined;
    if (json === undefined) throw new TypeError('the value has no JSON form');
    return this.seal(json, place);
  }

  /**
   * Opens what `sealJson` returned. The caller checks the shape.
   * @throws SealBroken as `open` does, and when the content is not JSON
   */
  openJson(sealed: Uint8Array, place: Place): unknown {
    const json = this.open(sealed, place).toString('utf8');
    try {
      return JSON.parse(json);
    } catch {
      // The parser's own message quotes the text, which is a secret.
      throw new SealBroken(place, 'its content is not JSON');
    }
  }

  /**
   * Derives a key for HMACs with HKDF-SHA-256 (RFC 5869) from the oldest data key, so that it stays the same while
   * newer data keys are added. Retiring that data key changes every derived key.
   * @param purpose a fixed name; each gives a key of its own. Ask once and keep the key.
   * @returns a secret key of 32 bytes
   */
  deriveKey(purpose: string): KeyObject {
    const bound = unambiguous('countersign/derived-key', purpose);
    return createSecretKey(Buffer.from(hkdfSync('sha256', this.#oldest, Buffer.alloc(0), bound, 32)));
  }
}

function boundTo(header: Uint8Array, place: Place): Buffer {
  return Buffer.concat([header, unambiguous('countersign/seal', place.table, place.row, place.field)]);
}
