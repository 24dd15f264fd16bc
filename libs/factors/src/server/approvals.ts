import { Injectable } from '@nestjs/common';
import { type Origin, type Tx } from '@countersign/core';
import { TrustedDevices } from '@countersign/devices';
import type { Application } from '@countersign/directory';
import type { SecondFactorProof } from '../second-factor-proof.js';
import { Assertions } from './assertions.js';

/** What a server is told of a proof. */
export interface Approval {
  /** A signed JWT. */
  readonly assertion: string;
  readonly deviceToken: string | undefined;
  /** The factor that was answered; its id is a UUID. */
  readonly factor: { readonly id: string; readonly type: string };
}

/** What the server asked for beside. */
export interface ApprovalRequest {
  readonly application: Application;
  /** Whether the user's device is to be trusted from now on; the application allows it. */
  readonly trustDevice: boolean;
  readonly deviceName: string | undefined;
  /** Where the user is. */
  readonly origin: Origin;
}

/** Turns the engine's proof into what a server gets. */
@Injectable()
export class Approvals {
  constructor(
    private readonly assertions: Assertions,
    private readonly devices: TrustedDevices,
  ) {}

  /** Runs in the transaction that spends the answer. */
  async approve(tx: Tx, proof: SecondFactorProof, request: ApprovalRequest): Promise<Approval> {
    const { ground } = proof;
    if (ground.kind !== 'factor') throw new TypeError('Nothing was answered');
    const deviceToken = request.trustDevice
      ? await this.devices.trust(tx, proof, request.deviceName, request.origin)
      : undefined;
    return {
      assertion: this.assertions.issue(proof, request.application),
      deviceToken,
      factor: { id: ground.factorId, type: ground.type },
    };
  }
}
