import { Injectable } from '@nestjs/common';
import { Database, Problem } from '@countersign/core';
import { UserStore } from '@countersign/directory';
import { ApproveChallenge } from '@countersign/factors';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { applicationOf, originOf } from '../http/request.js';
import { permitChange } from '../http/user.guard.js';
import type { ApprovedDto } from './challenge.dto.js';
import { hashOfDetails } from './details.js';
import { idOf } from './id.js';
import { serverVerificationOf } from './provider-bodies.js';
import { VerifyBudget } from './rejected-answer.js';
import { approvedView } from './views.js';

/** Answers challenges for servers, which say what they expect them to be for (security.md, rule 15). */
@Injectable()
export class ServerAnswers {
  constructor(
    private readonly approveChallenge: ApproveChallenge,
    private readonly users: UserStore,
    private readonly budget: VerifyBudget,
    private readonly database: Database,
  ) {}

  /** @throws Problem `not_found` where the challenge is for another user, action or details */
  async verify(
    id: string,
    body: unknown,
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<ApprovedDto> {
    const application = applicationOf(request);
    const { user: externalId, factorId, action, details, ...answered } = serverVerificationOf(body);
    const challengeId = idOf('chl', id);
    const detailsHash = hashOfDetails(details);
    const user = await this.users.byExternalId(this.database.direct, application.id, externalId);
    if (user === undefined) throw new Problem('not_found');
    permitChange(request, user);
    const result = await this.approveChallenge.run({
      ...answered,
      application,
      user,
      action: action ?? null,
      detailsHash,
      challengeId,
      factorId: factorId === undefined ? undefined : idOf('fac', factorId),
      trustDevice: answered.trustDevice && application.policy.trustedDevices,
      origin: originOf(request),
    });
    return approvedView(this.budget.accepted(result, request, reply));
  }
}
