import { Injectable } from '@nestjs/common';
import type { Origin } from '@countersign/core';
import type { Application } from '@countersign/directory';
import { ChallengeOpener } from '../challenges/challenge-opener.js';
import { type HeldFactor, UserFactorsStore, type UserWithFactors } from '../settlement/user-factors.store.js';
import { type Ending, Verification } from '../settlement/verification.js';
import { subjectOfUser } from '../subject.js';
import { type Approval, Approvals } from './approvals.js';

/** An answer whose attempt is claimed, of a user whose factors were read. */
export interface DirectAnswer {
  readonly application: Application;
  readonly held: UserWithFactors;
  readonly factor: HeldFactor;
  readonly answer: unknown;
  readonly action: string | null;
  readonly detailsHash: string | null;
  readonly origin: Origin;
}

/** Has an answer judged that comes without a challenge: one is made for it, which nobody else ever sees. */
@Injectable()
export class DirectVerification {
  constructor(
    private readonly users: UserFactorsStore,
    private readonly opener: ChallengeOpener,
    private readonly verification: Verification,
    private readonly approvals: Approvals,
  ) {}

  async run({
    application,
    held,
    factor,
    answer,
    origin,
    ...asked
  }: DirectAnswer): Promise<Ending<Approval>> {
    const { action, detailsHash } = asked;
    const { externalId } = held.user;
    const challenge = this.opener.draftForServer({
      subject: subjectOfUser(held.user, application),
      factors: [],
      asked: { externalId, action, detailsHash, ip: null, userAgent: null, locale: null },
      origin,
    });
    return this.verification.run(
      { challenge, factor, answer, origin, loaded: this.users.unseal(held, factor) },
      (tx, proof) =>
        this.approvals.approve(tx, proof, { application, trustDevice: false, deviceName: undefined, origin }),
    );
  }
}
