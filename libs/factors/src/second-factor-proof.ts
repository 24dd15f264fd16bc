import type { Asked } from './challenges/challenge.js';

/** Why a person may pass without, or with, a second factor. */
export type ProofGround =
  /** An enrolled factor was answered. `factorId` is a UUID. */
  | {
      readonly kind: 'factor';
      readonly factorId: string;
      readonly type: string;
      readonly amr: readonly string[];
    }
  /** A device that the user chose to trust. `deviceId` is a UUID. */
  | { readonly kind: 'device'; readonly deviceId: string }
  /** The user has no active factor. */
  | { readonly kind: 'none-enrolled' };

/** What a proof stands for. */
export interface ProofOf {
  readonly applicationId: string;
  readonly userId: string;
  /** The user's epoch when the proof was made; whatever is granted from it must compare it. */
  readonly securityEpoch: number;
  readonly purpose: 'login' | 'step_up' | 'action';
  /** The session that steps up. */
  readonly sessionId: string | null;
  /** What a server asked the proof for; `null` at a login and a step-up. */
  readonly asked: Pick<Asked, 'externalId' | 'action' | 'detailsHash'> | null;
  readonly at: Date;
  readonly ground: ProofGround;
}

// Nobody outside this file holds the seal, and the face exports only the type: a proof cannot be made elsewhere.
const SEAL = Symbol('second-factor-proof');

/**
 * The engine's word that the second step is done. Sessions, tokens and assertions are issued from one of these only
 * (security.md, rule 4).
 */
export class SecondFactorProof implements ProofOf {
  readonly applicationId: string;
  readonly userId: string;
  readonly securityEpoch: number;
  readonly purpose: ProofOf['purpose'];
  readonly sessionId: string | null;
  readonly asked: ProofOf['asked'];
  readonly at: Date;
  readonly ground: ProofGround;

  private constructor(seal: typeof SEAL, of: ProofOf) {
    if (seal !== SEAL) throw new TypeError('A proof is made by the engine only');
    this.applicationId = of.applicationId;
    this.userId = of.userId;
    this.securityEpoch = of.securityEpoch;
    this.purpose = of.purpose;
    this.sessionId = of.sessionId;
    this.asked = of.asked;
    this.at = of.at;
    this.ground = of.ground;
    Object.freeze(this);
  }

  /** @internal for the engine's own use cases */
  static make(of: ProofOf): SecondFactorProof {
    return new SecondFactorProof(SEAL, of);
  }
}
