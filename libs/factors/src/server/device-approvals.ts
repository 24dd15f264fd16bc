import { Injectable } from '@nestjs/common';
import { Clock, EventLog, type Origin, publicId, type Tx } from '@countersign/core';
import { TrustedDevices } from '@countersign/devices';
import type { Application } from '@countersign/directory';
import type { Challenge } from '../challenges/challenge.js';
import { SecondFactorProof } from '../second-factor-proof.js';
import { SettlementStore } from '../settlement/settlement.store.js';
import { Assertions } from './assertions.js';

/** Lets a trusted device stand in for the second factor of a challenge without an action (security.md, rule 15). */
@Injectable()
export class DeviceApprovals {
  constructor(
    private readonly devices: TrustedDevices,
    private readonly settlement: SettlementStore,
    private readonly assertions: Assertions,
    private readonly events: EventLog,
    private readonly clock: Clock,
  ) {}

  /** @returns the assertion, or `undefined` where the token is no live one of this very user */
  async approve(
    tx: Tx,
    { application, challenge, deviceToken, origin }: DeviceApprovalRequest,
  ): Promise<string | undefined> {
    const { userId, asked } = challenge;
    if (asked === undefined || asked.action !== null || !application.policy.trustedDevices) return undefined;
    const deviceId = await this.devices.recognise(tx, deviceToken, { applicationId: application.id, userId });
    if (deviceId === undefined) return undefined;
    await this.devices.used(tx, deviceId);
    await this.settlement.closeChallenge(tx, challenge.id);
    await this.events.append(tx, {
      type: 'challenge.verified',
      applicationId: application.id,
      userId,
      origin,
      data: {
        challengeId: publicId('chl', challenge.id),
        purpose: challenge.purpose,
        deviceId: publicId('dev', deviceId),
      },
    });
    const proof = SecondFactorProof.make({
      ...challenge,
      asked,
      at: this.clock.now(),
      ground: { kind: 'device', deviceId },
    });
    return this.assertions.issue(proof, application);
  }
}

/** A challenge that was just made, and the token that came with the request for it. */
export interface DeviceApprovalRequest {
  readonly application: Application;
  readonly challenge: Challenge;
  readonly deviceToken: string;
  /** Where the user is. */
  readonly origin: Origin;
}
