import { Inject, Injectable } from '@nestjs/common';
import { getConfigToken } from '@nestjs/config';
import { JwtService } from '@nestjs/jwt';
import { Clock, type CoreConfig, newId, SigningKeys } from '@countersign/core';
import type { Application } from '@countersign/directory';
import type { SecondFactorProof } from '../second-factor-proof.js';

const TYPE = '2fa-assertion+jwt';
const ALGORITHM = 'ES256';
const LIFETIME_SECONDS = 5 * 60;

/** What an assertion says a server asked for where it named no action. */
const LOGIN = 'login';

/**
 * Signs the engine's word for servers: a JWT (RFC 7519) that they, and whoever they hand it to, verify offline with
 * the keys of `/.well-known/jwks.json`. Its `typ` and `aud` are its own (RFC 8725 section 3.11), so that it is no access
 * token and no other application's.
 */
@Injectable()
export class Assertions {
  readonly #jwt: JwtService;

  constructor(
    private readonly keys: SigningKeys,
    private readonly clock: Clock,
    @Inject(getConfigToken('core')) private readonly core: CoreConfig,
  ) {
    // A KeyObject, because a key given as text is parsed again for every token.
    this.#jwt = new JwtService({ secretOrKeyProvider: () => keys.current.privateKey });
  }

  /**
   * @param application the proof's own
   * @throws TypeError for a proof that no server has asked for, or of another application
   */
  issue(proof: SecondFactorProof, application: Application): string {
    const { asked, ground } = proof;
    if (asked === null || proof.applicationId !== application.id) {
      throw new TypeError('An assertion is made for what a server of this application asked');
    }
    const now = Math.floor(this.clock.now().getTime() / 1_000);
    const claims = {
      iss: this.core.publicUrl,
      aud: application.slug,
      sub: asked.externalId,
      iat: now,
      exp: now + LIFETIME_SECONDS,
      jti: newId(this.clock),
      amr: ground.kind === 'factor' ? ground.amr : ['device'],
      action: asked.action ?? LOGIN,
      ...(asked.detailsHash === null ? {} : { details_hash: asked.detailsHash }),
    };
    return this.#jwt.sign(claims, {
      algorithm: ALGORITHM,
      header: { alg: ALGORITHM, typ: TYPE, kid: this.keys.current.kid },
    });
  }
}
