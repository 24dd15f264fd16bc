import { createHmac, createSecretKey, type KeyObject, randomBytes } from 'node:crypto';

const SECRET_BYTES = 32;
const SECRET_PREFIX = 'whsec_';

/** A new secret: 32 random bytes. */
export function newSecret(): Buffer {
  return randomBytes(SECRET_BYTES);
}

/** A secret as it is shown to its owner, once: `whsec_` and base64 (Standard Webhooks). */
export function shownSecret(secret: Uint8Array): string {
  return `${SECRET_PREFIX}${Buffer.from(secret).toString('base64')}`;
}

/** A key that signs; cheaper to use than the bytes themselves. */
export function signingKey(secret: Uint8Array): KeyObject {
  return createSecretKey(Buffer.from(secret));
}

/** A message's id (the event's, the same on every retry), its time in seconds, and its body. */
export interface Signable {
  readonly id: string;
  readonly timestamp: number;
  readonly body: string;
}

/**
 * The headers of a message (Standard Webhooks): id, time, and a signature by each key, so that receivers who know
 * only the secret before, or only the new one, both verify it while a secret is rotated.
 */
export function signedHeaders(
  { id, timestamp, body }: Signable,
  keys: readonly KeyObject[],
): Record<string, string> {
  const signatures = keys.map(
    (key) => `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`,
  );
  return {
    'webhook-id': id,
    'webhook-timestamp': String(timestamp),
    'webhook-signature': signatures.join(' '),
  };
}
