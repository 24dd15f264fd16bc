import { Injectable } from '@nestjs/common';
import { Clock, type Tx } from '@countersign/core';
import { UserStore } from '@countersign/directory';
import { OwnMail } from '../own-mail.js';
import { FactorRegistry } from '../registry/factor-registry.js';
import { SecondFactorProof } from '../second-factor-proof.js';

/** A factor that a session of its user has just activated. UUIDs. */
export interface ActivatedInSession {
  readonly applicationId: string;
  readonly userId: string;
  readonly factorId: string;
  readonly type: string;
  readonly sessionId: string;
}

/** Makes the proof that an activation is: its answer shows that the user has the factor, as a step-up's would. */
@Injectable()
export class ActivationProofs {
  constructor(
    private readonly users: UserStore,
    private readonly ownMail: OwnMail,
    private readonly registry: FactorRegistry,
    private readonly clock: Clock,
  ) {}

  /**
   * @param tx the transaction of the activation, so that the proof is of the epoch that it begins
   * @returns `undefined` for an e-mail factor at the account's own address: that mailbox can reset the password too
   */
  async of(tx: Tx, activated: ActivatedInSession): Promise<SecondFactorProof | undefined> {
    const { applicationId, userId, factorId, type, sessionId } = activated;
    const user = await this.users.lockAny(tx, userId);
    if (user === undefined) return undefined;
    const own = await this.ownMail.of(tx, userId, user.email);
    if (own.some(({ id }) => id === factorId)) return undefined;
    return SecondFactorProof.make({
      applicationId,
      userId,
      securityEpoch: user.securityEpoch,
      purpose: 'step_up',
      sessionId,
      asked: null,
      at: this.clock.now(),
      ground: { kind: 'factor', factorId, type, amr: this.registry.find(type)?.options.amr ?? [] },
    });
  }
}
