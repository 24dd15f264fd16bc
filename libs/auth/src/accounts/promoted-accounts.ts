import { Injectable } from '@nestjs/common';
import { EventLog, SYSTEM_ORIGIN, type Tx } from '@countersign/core';
import { UserStore } from '@countersign/directory';
import type { PreparedAccount } from './account-maker.js';
import { VerifiedAddresses } from './verified-addresses.js';

/** Makes accounts that are there already administrators. */
@Injectable()
export class PromotedAccounts {
  constructor(
    private readonly users: UserStore,
    private readonly addresses: VerifiedAddresses,
    private readonly events: EventLog,
  ) {}

  /**
   * Gives the account with the address a new password; its sessions and devices end.
   * @returns `cleared` where its address was never verified: it may be a stranger's, and everything that it had is gone
   */
  async promote(
    tx: Tx,
    { applicationId, email, passwordHash }: PreparedAccount,
  ): Promise<'reset' | 'cleared'> {
    const user = await this.users.makeAdmin(tx, applicationId, email, passwordHash);
    const about = { applicationId, userId: user.id, origin: SYSTEM_ORIGIN };
    if (user.changed.length > 0) {
      await this.events.append(tx, { type: 'user.updated', ...about, data: { fields: user.changed } });
    }
    await this.events.append(tx, { type: 'password.changed', ...about, data: {} });
    if (user.verified) return 'reset';
    const before = { email, emailVerified: false };
    await this.addresses.settle(tx, { ...about, email, before, proof: { by: 'operator' } });
    return 'cleared';
  }
}
