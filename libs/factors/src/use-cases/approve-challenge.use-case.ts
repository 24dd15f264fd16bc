import { Injectable } from '@nestjs/common';
import type { Origin } from '@countersign/core';
import type { Application, KnownUser } from '@countersign/directory';
import { openedByServer } from '../challenges/opening.js';
import { SecondFactors } from '../second-factors.js';
import type { VerifyChallengeResult } from '../settlement/verification.js';
import { type Approval, Approvals } from '../server/approvals.js';

/** An answer that a server brings, and what the server expects it to be for. */
export interface ApproveChallengeInput {
  readonly application: Application;
  readonly user: KnownUser;
  readonly action: string | null;
  readonly detailsHash: string | null;
  /** UUIDs. */
  readonly challengeId: string;
  readonly factorId: string | undefined;
  readonly answer: Readonly<Record<string, unknown>>;
  readonly trustDevice: boolean;
  readonly deviceName: string | undefined;
  readonly origin: Origin;
}

/** Answers a challenge on behalf of a server, which gets a signed assertion for it. */
@Injectable()
export class ApproveChallenge {
  constructor(
    private readonly secondFactors: SecondFactors,
    private readonly approvals: Approvals,
  ) {}

  /** A server that names another user, action or details than the challenge has is `unauthorised`; no try is taken. */
  async run(input: ApproveChallengeInput): Promise<VerifyChallengeResult<Approval>> {
    const { application, user, action, detailsHash, ...answered } = input;
    const opening = openedByServer({ applicationId: application.id, userId: user.id, action, detailsHash });
    return this.secondFactors.verify({ ...answered, opening }, (tx, proof) =>
      this.approvals.approve(tx, proof, input),
    );
  }
}
