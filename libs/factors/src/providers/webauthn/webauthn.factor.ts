import {
  AnsweredFactor,
  type Circumstances,
  type Enrolment,
  FactorProvider,
  MISMATCH,
  type PublicView,
  type Sibling,
  type ShownChallenge,
  type Verdict,
} from '@countersign/factor-kit';
import { Injectable } from '@nestjs/common';
import {
  generateAuthenticationOptions,
  generateRegistrationOptions,
  verifyAuthenticationResponse,
  verifyRegistrationResponse,
} from '@simplewebauthn/server';
import { authenticatorName } from './authenticator-name.js';
import { relyingPartyId, originsOf } from './relying-party.js';
import {
  Input,
  WebauthnAnswer,
  WebauthnSecret,
  type Credential,
  isAssertion,
  isRegistration,
} from './webauthn.schemas.js';

/** Long enough to find the key in another room; the challenge itself ends after five minutes. */
const TIMEOUT_MS = 5 * 60_000;

/** EdDSA, ES256 and RS256 (RFC 9053, RFC 8812): what security keys, phones and Windows have between them. */
const ALGORITHMS = [-8, -7, -257];

/**
 * Security keys and passkeys (W3C Web Authentication, level 3) as a second factor: user verification preferred,
 * attestation not asked for, several per user. The challenge is the engine's nonce, so that nothing need be stored
 * between asking and answering, and an answer fits one challenge only.
 */
@FactorProvider({ type: 'webauthn', contract: 1, amr: ['pop'], sendsNothing: true, siblings: 'secrets' })
@Injectable()
export class WebauthnFactor extends AnsweredFactor<{
  input: typeof Input;
  secret: typeof WebauthnSecret;
  answer: typeof WebauthnAnswer;
}> {
  override readonly title = 'Security key or passkey';
  override readonly input = Input;
  override readonly secret = WebauthnSecret;
  override readonly answer = WebauthnAnswer;

  /**
   * Begins the registration of a credential.
   * @returns what is sealed until it is there, and `publicKey`: the options of `navigator.credentials.create`, as JSON
   */
  override async enrol(_input: unknown, at: Circumstances): Promise<Enrolment<WebauthnSecret>> {
    const rpId = relyingPartyId(at.origins);
    const publicKey = await generateRegistrationOptions({
      rpName: at.issuer,
      rpID: rpId,
      // Not the e-mail address: authenticators may show this id to anybody who holds them.
      userID: new TextEncoder().encode(at.ids.user),
      userName: at.account,
      userDisplayName: at.account,
      challenge: Uint8Array.from(at.nonce),
      timeout: TIMEOUT_MS,
      attestationType: 'none',
      // A key that is asked for the same user twice would replace its credential (section 6.3.2).
      excludeCredentials: credentialsOf(rpId, at.siblings).map(described),
      supportedAlgorithmIDs: ALGORITHMS,
      authenticatorSelection: { residentKey: 'preferred', userVerification: 'preferred' },
    });
    return { secret: { rpId }, show: { publicKey } };
  }

  /** Decides whether a registration is a sound answer to `enrol` (section 7.1). The credential becomes the secret. */
  override async confirm(
    secret: WebauthnSecret,
    { credential }: WebauthnAnswer,
    at: Circumstances,
  ): Promise<Verdict<WebauthnSecret>> {
    if (!isRegistration(credential)) return MISMATCH;
    const { verified, registrationInfo } = await verifyRegistrationResponse({
      response: credential,
      expectedChallenge: Buffer.from(at.nonce).toString('base64url'),
      expectedOrigin: originsOf(secret.rpId, at.origins),
      expectedRPID: secret.rpId,
      supportedAlgorithmIDs: ALGORITHMS,
      requireUserVerification: false,
    });
    if (!verified) return MISMATCH;
    const { credential: made, aaguid, credentialDeviceType, credentialBackedUp } = registrationInfo;
    const kept: Credential = {
      id: made.id,
      publicKey: Buffer.from(made.publicKey).toString('base64url'),
      counter: made.counter,
      transports: credential.response.transports ?? [],
      aaguid,
      synced: credentialDeviceType === 'multiDevice',
      backedUp: credentialBackedUp,
    };
    return { accepted: true, fresh: 'challenge-bound', secret: { ...secret, credential: kept } };
  }

  /**
   * Makes `publicKey`: the options of `navigator.credentials.get` for this credential and the user's others of the same
   * relying party, as JSON: whichever key is near will do.
   */
  override async challenge({ rpId, credential }: WebauthnSecret, at: Circumstances): Promise<ShownChallenge> {
    const own = credential === undefined ? [] : [credential];
    const publicKey = await generateAuthenticationOptions({
      rpID: rpId,
      challenge: Uint8Array.from(at.nonce),
      timeout: TIMEOUT_MS,
      userVerification: 'preferred',
      allowCredentials: [...own, ...credentialsOf(rpId, at.siblings)].map(described),
    });
    return { publicKey };
  }

  /**
   * Decides whether an assertion is a sound answer to `challenge` (section 7.2).
   * @returns `stale` for a sign counter that did not rise: the key may have been copied (section 6.1.1)
   */
  override async verify(
    secret: WebauthnSecret,
    { credential: assertion }: WebauthnAnswer,
    at: Circumstances,
  ): Promise<Verdict<WebauthnSecret>> {
    const { rpId, credential } = secret;
    if (credential === undefined || !isAssertion(assertion) || assertion.id !== credential.id)
      return MISMATCH;
    const { verified, authenticationInfo } = await verifyAuthenticationResponse({
      response: assertion,
      expectedChallenge: Buffer.from(at.nonce).toString('base64url'),
      expectedOrigin: originsOf(rpId, at.origins),
      expectedRPID: rpId,
      requireUserVerification: false,
      // The counter is looked at below, once the signature has shown that it is the key's own.
      credential: {
        id: credential.id,
        publicKey: Buffer.from(credential.publicKey, 'base64url'),
        counter: 0,
      },
    });
    if (!verified) return MISMATCH;
    const { newCounter: counter, credentialBackedUp: backedUp } = authenticationInfo;
    if ((counter > 0 || credential.counter > 0) && counter <= credential.counter) {
      return { accepted: false, reason: 'stale' };
    }
    const changed = counter !== credential.counter || backedUp !== credential.backedUp;
    return {
      accepted: true,
      fresh: 'challenge-bound',
      ...(changed ? { secret: { ...secret, credential: { ...credential, counter, backedUp } } } : {}),
    };
  }

  /** A credential's id: no two authenticators have one (section 7.1, step 26). */
  override identity({ credential }: WebauthnSecret): string {
    if (credential === undefined) throw new TypeError('There is no credential yet');
    return credential.id;
  }

  /** The id of the credential that signed. */
  override answeredBy({ credential }: WebauthnAnswer): string | undefined {
    return isAssertion(credential) ? credential.id : undefined;
  }

  /** Names the authenticator, as far as it tells. */
  override publicView({ credential }: WebauthnSecret): PublicView {
    return { hint: authenticatorName(credential) };
  }
}

function credentialsOf(rpId: string, siblings: readonly Sibling[]): Credential[] {
  return siblings.flatMap(({ secret }) => {
    const { data } = WebauthnSecret.safeParse(secret);
    return data?.rpId === rpId && data.credential !== undefined ? [data.credential] : [];
  });
}

function described({ id, transports }: Credential): { id: string; transports: string[] } {
  return { id, transports: [...transports] };
}
