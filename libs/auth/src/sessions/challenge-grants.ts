import { Injectable } from '@nestjs/common';
import { type EventDraft, type Origin, Problem, publicId, type Tx } from '@countersign/core';
import { TrustedDevices } from '@countersign/devices';
import type { SecondFactorProof } from '@countersign/factors';
import { actingAs } from '../accounts/account.js';
import { AccessTokens, type IssuedAccessToken } from '../tokens/access-tokens.js';
import { amrOf } from './amr.js';
import { type IssuedSession, SessionIssuer } from './session-issuer.js';
import { SessionStore } from './session.store.js';
import { steppedUp } from './stepped-up.js';

/** What an accepted answer grants. */
export type Granted =
  | { readonly purpose: 'login'; readonly issued: IssuedSession; readonly deviceToken: string | undefined }
  | { readonly purpose: 'step_up'; readonly token: IssuedAccessToken };

/** What the answering request asked for beside. */
export interface GrantRequest {
  /** Whether the device that the request came from is to be trusted from now on; the application allows it. */
  readonly trustDevice: boolean;
  readonly deviceName: string | undefined;
  readonly origin: Origin;
}

/** Turns the engine's proof into a session, or into a session's fresh proof. */
@Injectable()
export class ChallengeGrants {
  constructor(
    private readonly issuer: SessionIssuer,
    private readonly sessions: SessionStore,
    private readonly accessTokens: AccessTokens,
    private readonly devices: TrustedDevices,
  ) {}

  /** @throws Problem `invalid_token` where what the proof stands on has changed; the transaction rolls back */
  async grant(tx: Tx, proof: SecondFactorProof, request: GrantRequest): Promise<Granted> {
    const origin = actingAs(proof.userId, request.origin);
    return proof.purpose === 'login'
      ? this.#logIn(tx, proof, { ...request, origin })
      : this.#stepUp(tx, proof, origin);
  }

  /**
   * Notes in the session of a proof that its second factor was proven, and says so in a new access token.
   * @param events what is recorded with it
   * @throws Problem `invalid_token` where the session has ended; the transaction rolls back
   */
  async proveAgain(tx: Tx, proof: SecondFactorProof, ...events: EventDraft[]): Promise<IssuedAccessToken> {
    const { sessionId, at: mfaTime } = proof;
    const proven = { mfaTime, amr: amrOf(proof) };
    const session =
      sessionId === null ? undefined : await this.sessions.proveAgain(tx, sessionId, proven, ...events);
    if (session === undefined) throw new Problem('invalid_token');
    return this.accessTokens.issue(session);
  }

  async #stepUp(tx: Tx, proof: SecondFactorProof, origin: Origin): Promise<Granted> {
    const { applicationId, userId, sessionId, ground } = proof;
    if (sessionId === null || ground.kind !== 'factor') throw new Problem('invalid_token');
    const factor = { factorId: publicId('fac', ground.factorId), factorType: ground.type };
    const event = steppedUp({ applicationId, userId, sessionId, origin }, { method: 'factor', ...factor });
    return { purpose: 'step_up', token: await this.proveAgain(tx, proof, event) };
  }

  async #logIn(tx: Tx, proof: SecondFactorProof, request: GrantRequest): Promise<Granted> {
    const issued = await this.issuer.issue(tx, proof, request.origin);
    if (issued === undefined) throw new Problem('invalid_token');
    const deviceToken = request.trustDevice
      ? await this.devices.trust(tx, proof, request.deviceName, request.origin)
      : undefined;
    return { purpose: 'login', issued, deviceToken };
  }
}
