import { Injectable } from '@nestjs/common';
import { Clock, type Origin, Problem, type Tx } from '@countersign/core';
import { TrustedDevices } from '@countersign/devices';
import { ChallengeOpener, type OpenedChallenge } from '../challenges/challenge-opener.js';
import { FactorStore } from '../factor.store.js';
import { FactorRegistry } from '../registry/factor-registry.js';
import { type ProofGround, SecondFactorProof } from '../second-factor-proof.js';
import type { Subject } from '../subject.js';

/** Who has passed the first step, and what for. */
export type SecondStepRequest = { readonly subject: Subject; readonly origin: Origin } & (
  | {
      readonly purpose: 'login';
      readonly deviceToken: string | undefined;
      /** Whether the session is to travel in cookies; absent means no. */
      readonly inCookies?: boolean;
    }
  | { readonly purpose: 'step_up'; readonly sessionId: string }
);

/** What is needed after the first step: nothing more, or the answer to a challenge. */
export type SecondStep =
  | { readonly required: false; readonly proof: SecondFactorProof }
  | ({ readonly required: true } & OpenedChallenge);

const RETIRED =
  'This type of factor is out of service. Another factor or a backup code is needed, or an administrator.';

/** Finds out whether a second step is needed, and opens its challenge. */
@Injectable()
export class BeginSecondStep {
  constructor(
    private readonly factors: FactorStore,
    private readonly registry: FactorRegistry,
    private readonly devices: TrustedDevices,
    private readonly challenges: ChallengeOpener,
    private readonly clock: Clock,
  ) {}

  /** @throws Problem `factor_locked` where none of the user's factors can be asked for: they are never let in without */
  async run(tx: Tx, request: SecondStepRequest): Promise<SecondStep> {
    const { subject } = request;
    const active = await this.factors.active(tx, subject.userId);
    if (active.every((factor) => this.registry.isRecovery(factor.type))) {
      return { required: false, proof: this.#proof(request, { kind: 'none-enrolled' }) };
    }
    const deviceId = await this.#trustedDevice(tx, request);
    if (deviceId !== undefined) {
      return { required: false, proof: this.#proof(request, { kind: 'device', deviceId }) };
    }
    const usable = active.filter(({ type }) => this.registry.isUsable(type));
    if (usable.length === 0) throw new Problem('factor_locked', { detail: RETIRED });
    const sessionId = request.purpose === 'step_up' ? request.sessionId : null;
    const opened = await this.challenges.open(tx, {
      subject,
      origin: request.origin,
      factors: usable,
      purpose: request.purpose,
      sessionId,
      inCookies: request.purpose === 'login' && request.inCookies === true,
    });
    return { required: true, ...opened };
  }

  // A trusted device stands in at login only, and only where the application allows it.
  async #trustedDevice(tx: Tx, request: SecondStepRequest): Promise<string | undefined> {
    const { application, userId } = request.subject;
    if (
      request.purpose !== 'login' ||
      request.deviceToken === undefined ||
      !application.policy.trustedDevices
    ) {
      return undefined;
    }
    const device = await this.devices.recognise(tx, request.deviceToken, {
      applicationId: application.id,
      userId,
    });
    if (device !== undefined) await this.devices.used(tx, device);
    return device;
  }

  #proof(request: SecondStepRequest, ground: ProofGround): SecondFactorProof {
    const { subject, purpose } = request;
    return SecondFactorProof.make({
      applicationId: subject.application.id,
      userId: subject.userId,
      securityEpoch: subject.securityEpoch,
      purpose,
      sessionId: purpose === 'step_up' ? request.sessionId : null,
      asked: null,
      at: this.clock.now(),
      ground,
    });
  }
}
