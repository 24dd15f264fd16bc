import { Injectable } from '@nestjs/common';
import { Database, type Origin } from '@countersign/core';
import type { Application, KnownUser } from '@countersign/directory';
import { ChallengeOpener } from '../challenges/challenge-opener.js';
import { type Asked, type Challenge, originFor } from '../challenges/challenge.js';
import { ChallengeStore } from '../challenges/challenge.store.js';
import { openedByServer } from '../challenges/opening.js';
import type { FactorView } from '../factor.store.js';
import { subjectOfUser } from '../subject.js';
import { DeviceApprovals } from './device-approvals.js';

/** What a server wants to have proven, and by whom. */
export interface ServerRequest {
  readonly application: Application;
  readonly user: KnownUser;
  readonly asked: Omit<Asked, 'externalId'>;
  readonly deviceToken: string | undefined;
  readonly origin: Origin;
}

/** Makes the challenges that servers ask for, answered by a trusted device or to be answered by a factor. */
@Injectable()
export class OpenerForServers {
  constructor(
    private readonly opener: ChallengeOpener,
    private readonly devices: DeviceApprovals,
    private readonly challenges: ChallengeStore,
    private readonly database: Database,
  ) {}

  /** A challenge that a trusted device has answered already; `undefined` where none has. */
  async byDevice(
    input: ServerRequest,
    factors: readonly FactorView[],
  ): Promise<{ readonly challenge: Challenge; readonly assertion: string } | undefined> {
    const { application, user, deviceToken, origin } = input;
    if (deviceToken === undefined) return undefined;
    const challenge = this.opener.draftForServer(wanted(input, factors));
    const assertion = await this.database.transaction((tx) =>
      this.devices.approve(tx, {
        application,
        challenge,
        deviceToken,
        origin: originFor(challenge, origin),
      }),
    );
    if (assertion === undefined) return undefined;
    const { asked } = input;
    // Kept after the commit: what is read is what was decided.
    await this.challenges.keep(
      challenge,
      openedByServer({ applicationId: application.id, userId: user.id, ...asked }),
    );
    return { challenge, assertion };
  }

  /** A challenge that a factor has to answer. */
  async open(input: ServerRequest, factors: readonly FactorView[]): Promise<Challenge> {
    return this.opener.openForServer(this.database.direct, wanted(input, factors));
  }
}

function wanted(
  { application, user, asked, origin }: ServerRequest,
  factors: readonly FactorView[],
): Parameters<ChallengeOpener['openForServer']>[1] {
  return {
    subject: subjectOfUser(user, application),
    factors,
    asked: { ...asked, externalId: user.externalId },
    origin,
  };
}
