import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';

/** Options of a creation or a request, as the service shows them: of each, what the authenticator looks at. */
export interface PublicKeyOptions {
  readonly challenge: string;
  readonly rp?: { readonly id?: string };
  readonly rpId?: string;
  readonly allowCredentials?: readonly { readonly id: string }[];
  readonly excludeCredentials?: readonly { readonly id: string }[];
}

/** What a dishonest, odd or broken authenticator does otherwise. */
export interface Oddities {
  readonly origin?: string;
  readonly rpId?: string;
  readonly challenge?: string;
  readonly type?: string;
  readonly counter?: number;
  readonly userVerified?: boolean;
  readonly userPresent?: boolean;
  readonly crossOrigin?: boolean;
}

const PRESENT = 0x01;
const VERIFIED = 0x04;
const ATTESTED = 0x40;

/** A security key in software: real ES256 keys, real authenticator data and real CBOR, without a browser. */
export class SoftwareAuthenticator {
  readonly #id = randomBytes(32);
  readonly #keys: { publicKey: KeyObject; privateKey: KeyObject };
  #counter: number;

  /** @param origin where the browser is. @param counter `undefined` for a key that does not count */
  constructor(
    private readonly origin: string,
    counter: number | undefined = 1,
  ) {
    this.#keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    this.#counter = counter ?? -1;
  }

  /** Its credential's id, in base64url. */
  get id(): string {
    return this.#id.toString('base64url');
  }

  /** Answers the options of an enrolment, as `navigator.credentials.create` does. */
  create(options: PublicKeyOptions, odd: Oddities = {}): Record<string, unknown> {
    const authData = Buffer.concat([
      this.#authenticatorData(odd.rpId ?? options.rp?.id ?? '', ATTESTED, odd),
      Buffer.alloc(16),
      Buffer.from([0, this.#id.length]),
      this.#id,
      this.#coseKey(),
    ]);
    const attestationObject = cbor(
      new Map<string, unknown>([
        ['fmt', 'none'],
        ['attStmt', new Map()],
        ['authData', authData],
      ]),
    );
    return this.#credential({
      clientDataJSON: this.#clientData('webauthn.create', options, odd).toString('base64url'),
      attestationObject: attestationObject.toString('base64url'),
      transports: ['usb'],
    });
  }

  /** Answers the options of a challenge, as `navigator.credentials.get` does. */
  get(options: PublicKeyOptions, odd: Oddities = {}): Record<string, unknown> {
    const authenticatorData = this.#authenticatorData(odd.rpId ?? options.rpId ?? '', 0, odd);
    const clientData = this.#clientData('webauthn.get', options, odd);
    const hash = createHash('sha256').update(clientData).digest();
    const signature = sign('sha256', Buffer.concat([authenticatorData, hash]), this.#keys.privateKey);
    return this.#credential({
      clientDataJSON: clientData.toString('base64url'),
      authenticatorData: authenticatorData.toString('base64url'),
      signature: signature.toString('base64url'),
    });
  }

  #credential(response: Record<string, unknown>): Record<string, unknown> {
    return { id: this.id, rawId: this.id, type: 'public-key', response, clientExtensionResults: {} };
  }

  #clientData(type: string, { challenge }: PublicKeyOptions, odd: Oddities): Buffer {
    const { origin = this.origin, crossOrigin = false } = odd;
    const text = JSON.stringify({
      type: odd.type ?? type,
      challenge: odd.challenge ?? challenge,
      origin,
      crossOrigin,
    });
    return Buffer.from(text);
  }

  #authenticatorData(rpId: string, more: number, odd: Oddities): Buffer {
    const counter = Buffer.alloc(4);
    counter.writeUInt32BE(odd.counter ?? (this.#counter < 0 ? 0 : this.#counter++));
    const flags =
      more | (odd.userPresent === false ? 0 : PRESENT) | (odd.userVerified === false ? 0 : VERIFIED);
    return Buffer.concat([createHash('sha256').update(rpId).digest(), Buffer.from([flags]), counter]);
  }

  // RFC 9053 section 7.1.1: an EC2 key on P-256, for ES256.
  #coseKey(): Buffer {
    const { x = '', y = '' } = this.#keys.publicKey.export({ format: 'jwk' });
    return cbor(
      new Map<number, unknown>([
        [1, 2],
        [3, -7],
        [-1, 1],
        [-2, Buffer.from(x, 'base64url')],
        [-3, Buffer.from(y, 'base64url')],
      ]),
    );
  }
}

/** As much of CBOR (RFC 8949) as an attestation needs: integers, bytes, texts and maps. */
function cbor(value: unknown): Buffer {
  if (typeof value === 'number') return value < 0 ? head(1, -1 - value) : head(0, value);
  if (Buffer.isBuffer(value)) return Buffer.concat([head(2, value.length), value]);
  if (typeof value === 'string')
    return Buffer.concat([head(3, Buffer.byteLength(value)), Buffer.from(value)]);
  if (value instanceof Map) {
    const entries = [...value].flatMap(([key, content]) => [cbor(key), cbor(content)]);
    return Buffer.concat([head(5, value.size), ...entries]);
  }
  throw new TypeError('no CBOR for this');
}

function head(major: number, size: number): Buffer {
  if (size < 24) return Buffer.from([(major << 5) | size]);
  if (size < 256) return Buffer.from([(major << 5) | 24, size]);
  return Buffer.from([(major << 5) | 25, size >> 8, size & 0xff]);
}
