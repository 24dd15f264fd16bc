import { Inject, Injectable } from '@nestjs/common';
import { getConfigToken } from '@nestjs/config';
import { JwtSecretRequestType, JwtService } from '@nestjs/jwt';
import { Clock, type CoreConfig, newId, parsePublicId, publicId, SigningKeys } from '@countersign/core';
import { hash, type KeyObject } from 'node:crypto';
import { z } from 'zod';
import type { AuthConfig } from '../auth.config.js';
import type { SessionOfAccount } from '../sessions/session.js';

/** An access token and its lifetime in whole seconds. */
export interface IssuedAccessToken {
  readonly accessToken: string;
  readonly expiresIn: number;
}

/** What a valid access token says. Ids are UUIDs. */
export interface AccessTokenClaims {
  readonly userId: string;
  readonly sessionId: string;
  readonly applicationId: string;
  /** When the password was proven. */
  readonly authTime: Date;
  /** When a second factor was proven; absent without one. */
  readonly mfaTime: Date | undefined;
}

/** RFC 9068 section 2.1. */
const TYPE = 'at+jwt';
const ALGORITHM = 'ES256';

const Claims = z.object({
  sub: z.string(),
  sid: z.string(),
  app: z.string(),
  // The library compares an expiry only where there is one.
  exp: z.number(),
  auth_time: z.number(),
  mfa_time: z.number().optional(),
});

const Header = z.object({ kid: z.string() });

const Verified = z.object({ header: Header.extend({ typ: z.string() }), payload: Claims });

/** A signature costs a hundred times what finding it here does; past so many, it begins anew. */
const MOST_REMEMBERED = 10_000;

/** A token whose signature, type, issuer and audience were right. */
interface VerifiedToken {
  readonly claims: AccessTokenClaims;
  readonly kid: string;
  /** Seconds since 1970. */
  readonly expires: number;
}

/**
 * Issues and checks access tokens: JWTs signed with ES256, whose type, audience, issuer, expiry, algorithm and key
 * are all compared (RFC 8725 section 3).
 */
@Injectable()
export class AccessTokens {
  readonly #jwt: JwtService;
  readonly #audience: string;
  /** By the tokens' SHA-256. */
  readonly #verified = new Map<string, VerifiedToken>();

  constructor(
    private readonly keys: SigningKeys,
    private readonly clock: Clock,
    @Inject(getConfigToken('core')) private readonly core: CoreConfig,
    @Inject(getConfigToken('auth')) private readonly config: AuthConfig,
  ) {
    this.#jwt = new JwtService({ secretOrKeyProvider: keyProvider(keys) });
    this.#audience = `${core.publicUrl}/v1`;
  }

  /** Issues a token for a live session; it never outlives the session. */
  issue({ session, account }: SessionOfAccount): IssuedAccessToken {
    const now = Math.floor(this.clock.now().getTime() / 1_000);
    const lifetime = Math.floor(this.config.accessTokenTtlMs / 1_000);
    const expires = Math.min(now + lifetime, seconds(session.endsAt));
    const claims = {
      iss: this.core.publicUrl,
      aud: this.#audience,
      sub: publicId('usr', account.id),
      sid: publicId('ses', session.id),
      app: publicId('app', account.applicationId),
      role: account.role,
      auth_time: seconds(session.authTime),
      amr: session.amr,
      ...(session.mfaTime === null ? {} : { mfa_time: seconds(session.mfaTime) }),
      iat: now,
      exp: expires,
      jti: newId(this.clock),
    };
    const accessToken = this.#jwt.sign(claims, {
      algorithm: ALGORITHM,
      header: { alg: ALGORITHM, typ: TYPE, kid: this.keys.current.kid },
    });
    return { accessToken, expiresIn: Math.max(0, expires - now) };
  }

  /** @returns what the token says, or `undefined` for anything that is not a valid access token of ours */
  read(token: string): AccessTokenClaims | undefined {
    const name = hash('sha256', token, 'base64url');
    const known = this.#verified.get(name);
    if (known !== undefined && this.#stillStands(known)) return known.claims;
    const verified = this.#verify(token);
    if (verified === undefined) return undefined;
    if (this.#verified.size >= MOST_REMEMBERED) this.#verified.clear();
    this.#verified.set(name, verified);
    return verified.claims;
  }

  // What can change of a token whose signature was good: its time, and whether its key still is one of ours.
  #stillStands({ kid, expires }: VerifiedToken): boolean {
    return expires > seconds(this.clock.now()) && this.keys.publicKey(kid) !== undefined;
  }

  #verify(token: string): VerifiedToken | undefined {
    try {
      const { header, payload } = Verified.parse(
        this.#jwt.verify(token, {
          algorithms: [ALGORITHM],
          issuer: this.core.publicUrl,
          audience: this.#audience,
          clockTimestamp: Math.floor(this.clock.now().getTime() / 1_000),
          complete: true,
        }),
      );
      const claims = header.typ === TYPE ? claimsOf(payload) : undefined;
      return claims && { claims, kid: header.kid, expires: payload.exp };
    } catch {
      return undefined;
    }
  }
}

// A token of an unknown key gets none.
function keyProvider(
  keys: SigningKeys,
): (request: JwtSecretRequestType, token: string | object | Buffer) => KeyObject {
  return (request, token) => {
    if (request === JwtSecretRequestType.SIGN) return keys.current.privateKey;
    const kid = typeof token === 'string' ? Header.parse(decode(token)).kid : '';
    const publicKey = keys.publicKey(kid);
    if (publicKey === undefined) throw new Error('Signed by a key that is not ours');
    return publicKey;
  };
}

function decode(token: string): unknown {
  return JSON.parse(Buffer.from(token.split('.', 1)[0] ?? '', 'base64url').toString('utf8'));
}

function claimsOf(claims: z.output<typeof Claims>): AccessTokenClaims | undefined {
  const { sub, sid, app, auth_time: authTime, mfa_time: mfaTime } = claims;
  const userId = parsePublicId('usr', sub);
  const sessionId = parsePublicId('ses', sid);
  const applicationId = parsePublicId('app', app);
  if (userId === undefined || sessionId === undefined || applicationId === undefined) return undefined;
  return {
    userId,
    sessionId,
    applicationId,
    authTime: new Date(authTime * 1_000),
    mfaTime: mfaTime === undefined ? undefined : new Date(mfaTime * 1_000),
  };
}

function seconds(time: Date): number {
  return Math.floor(time.getTime() / 1_000);
}
