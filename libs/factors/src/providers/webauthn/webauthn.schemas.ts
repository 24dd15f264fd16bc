import { z } from 'zod';
import type { AuthenticationResponseJSON, RegistrationResponseJSON } from '@simplewebauthn/server';

/** Nothing: the browser and the key decide. */
export const Input = z.strictObject({});

const LONGEST_ID = 1_400;
const LONGEST_PART = 16_384;

const base64url = (longest: number): z.ZodString =>
  z
    .string()
    .min(1)
    .max(longest)
    .regex(/^[A-Za-z0-9_-]+$/, 'must be base64url');

const Transports = z
  .array(
    z
      .string()
      .max(32)
      .regex(/^[a-z-]+$/),
  )
  .max(10);

/** A credential as it is sealed. `publicKey` is COSE, in base64url. */
const Credential = z.strictObject({
  id: base64url(LONGEST_ID),
  publicKey: base64url(LONGEST_PART),
  counter: z.number().int().min(0).max(0xffff_ffff),
  transports: Transports,
  aaguid: z.string().max(36),
  /** Whether it is one that wanders between devices: a passkey. */
  synced: z.boolean(),
  backedUp: z.boolean(),
});

/** A registered credential. */
export type Credential = z.output<typeof Credential>;

/** What is sealed: the site that the credential is for, and the credential once it is there. */
export const WebauthnSecret = z.strictObject({
  rpId: z.string().min(1).max(253),
  credential: Credential.optional(),
});

export type WebauthnSecret = z.output<typeof WebauthnSecret>;

/**
 * The answer: what `PublicKeyCredential.toJSON()` makes of a registration or of an assertion. Browsers add members as
 * the standard grows, so only its own top level is closed.
 */
export const WebauthnAnswer = z.strictObject({
  credential: z
    .looseObject({
      id: base64url(LONGEST_ID),
      rawId: base64url(LONGEST_ID),
      type: z.literal('public-key'),
      response: z.looseObject({
        clientDataJSON: base64url(LONGEST_PART),
        attestationObject: base64url(LONGEST_PART).optional(),
        transports: Transports.optional(),
        authenticatorData: base64url(LONGEST_PART).optional(),
        signature: base64url(LONGEST_PART).optional(),
        userHandle: z.string().max(128).nullish(),
      }),
      clientExtensionResults: z.looseObject({}).optional(),
    })
    .meta({ description: 'What `PublicKeyCredential.toJSON()` gives.' }),
});

export type WebauthnAnswer = z.output<typeof WebauthnAnswer>;

type AnsweredCredential = WebauthnAnswer['credential'];

/** Whether an answer is a registration; its parts are then there. */
export function isRegistration(answer: unknown): answer is RegistrationResponseJSON {
  return (answer as AnsweredCredential).response.attestationObject !== undefined;
}

/** Whether an answer is an assertion; its parts are then there. */
export function isAssertion(answer: unknown): answer is AuthenticationResponseJSON {
  const { response } = answer as AnsweredCredential;
  return response.signature !== undefined && response.authenticatorData !== undefined;
}
