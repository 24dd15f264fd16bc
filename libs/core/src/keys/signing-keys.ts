import { createPublicKey, type KeyObject } from 'node:crypto';
import type { PublicJwk, SigningKey } from '../crypto/signing-key.js';

/** The signing keys as they are at a moment. */
export interface KnownSigningKeys {
  /** The key that signs new tokens. */
  readonly current: Pick<SigningKey, 'kid' | 'privateKey'>;
  /** Every key whose tokens may still be valid, or that will sign soon, as published (RFC 7517). */
  readonly published: readonly PublicJwk[];
}

/** The ES256 keys of this deployment: one signs, all verify. They change while the process runs. */
export class SigningKeys {
  #known: KnownSigningKeys;
  #publicKeys: ReadonlyMap<string, KeyObject>;

  constructor(known: KnownSigningKeys) {
    this.#known = known;
    this.#publicKeys = publicKeysOf(known);
  }

  get current(): KnownSigningKeys['current'] {
    return this.#known.current;
  }

  get published(): readonly PublicJwk[] {
    return this.#known.published;
  }

  /** The key that verifies what a key of ours has signed; `undefined` for any other. */
  publicKey(kid: string): KeyObject | undefined {
    return this.#publicKeys.get(kid);
  }

  /** Puts other keys in their place. */
  replace(known: KnownSigningKeys): void {
    this.#known = known;
    this.#publicKeys = publicKeysOf(known);
  }
}

// KeyObjects, because a key given as text is parsed again for every token.
function publicKeysOf({ published }: KnownSigningKeys): ReadonlyMap<string, KeyObject> {
  return new Map(published.map((jwk) => [jwk.kid, createPublicKey({ key: { ...jwk }, format: 'jwk' })]));
}
