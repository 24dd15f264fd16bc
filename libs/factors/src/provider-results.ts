import {
  type AnsweredFactor,
  type DeliveredCodeFactor,
  type Recipient,
  RESERVED_FIELDS,
} from '@countersign/factor-kit';
import { bounded } from './patience.js';
import type { FactorClass } from './registry/factor-class.js';

// The longest address that mail knows (RFC 5321 section 4.5.3.1.3).
const RECIPIENT = /^\P{Cc}{1,254}$/u;

const HINT = /^\P{Cc}{0,200}$/u;

// Longer than any serial number, and than a credential's id in base64url (W3C WebAuthn section 4: 1,023 bytes).
const MAX_IDENTITY_LENGTH = 2_048;

/** A factor's secret, fit to be sealed, and the hint that goes with it. */
export interface SecretWithHint {
  readonly secret: unknown;
  readonly hint: string;
}

/**
 * The secret that a provider made, with its hint. One that its own schema refuses, or that JSON changes, would lock its
 * user out at the next login.
 * @throws TypeError for one that cannot be kept
 */
export async function sealable(provider: AnsweredFactor, secret: unknown): Promise<SecretWithHint> {
  const { kept, parsed } = await fitting(provider, secret);
  const hint: unknown = provider.publicView(parsed).hint;
  if (typeof hint !== 'string' || !HINT.test(hint)) throw new TypeError('The hint is not a line of text');
  return { secret: kept, hint };
}

/** The same without a hint: what is kept, and what the schema makes of that at each use. */
export async function fitting(
  provider: FactorClass,
  secret: unknown,
): Promise<{ readonly kept: unknown; readonly parsed: unknown }> {
  const kept = throughJson(secret);
  const parsed = await parsedSecret(provider, kept);
  if (parsed === undefined) throw new TypeError('The secret does not fit its schema');
  return { kept, parsed: parsed.value };
}

/** What a provider's schema makes of a secret that is kept; `undefined` where it does not fit. */
export async function parsedSecret(
  provider: FactorClass,
  kept: unknown,
): Promise<{ readonly value: unknown } | undefined> {
  try {
    const result = await bounded(provider.secret['~standard'].validate(kept));
    return result.issues === undefined ? { value: result.value } : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Where a provider sends a factor's codes. A channel other than the declared one may be one that this deployment cannot,
 * or must not, send on.
 * @throws TypeError for what is no recipient
 */
export function recipientOf(provider: DeliveredCodeFactor, secret: unknown): Recipient {
  const recipient: unknown = provider.recipient(secret);
  if (
    typeof recipient === 'object' &&
    recipient !== null &&
    'channel' in recipient &&
    recipient.channel === provider.channel &&
    'to' in recipient &&
    typeof recipient.to === 'string' &&
    RECIPIENT.test(recipient.to)
  ) {
    return { channel: provider.channel, to: recipient.to };
  }
  throw new TypeError('Not a recipient on the channel of its factor');
}

/** What a provider shows, if it can be. @throws TypeError for what is no object of JSON, or uses a reserved field */
export function showable(show: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const shown = throughJson(show);
  if (typeof shown !== 'object' || shown === null || RESERVED_FIELDS.some((field) => field in shown)) {
    throw new TypeError('What is shown is no object, or uses a reserved field');
  }
  return { ...shown };
}

function throughJson(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

/** An identity that can be compared. @throws TypeError for what is no text, or is empty or endless */
export function soundIdentity(identity: unknown): string {
  if (typeof identity !== 'string' || identity === '' || identity.length > MAX_IDENTITY_LENGTH) {
    throw new TypeError('The identity is not a text');
  }
  return identity;
}
