import { Injectable } from '@nestjs/common';
import { EventLog, type Origin, type Tx } from '@countersign/core';
import { UserStore } from '@countersign/directory';

/** An address that its owner has proven to read. */
export interface VerifiedAddress {
  readonly applicationId: string;
  readonly userId: string;
  readonly email: string;
  /** The account as it was. */
  readonly before: { readonly email: string; readonly emailVerified: boolean };
  readonly origin: Origin;
}

/**
 * Notes that addresses are their accounts'. Who verifies an account for the first time may not be who made it: whatever
 * it had goes (api.md, "Accounts"), so that nobody waits in an account that they made with a stranger's address.
 */
@Injectable()
export class VerifiedAddresses {
  constructor(
    private readonly users: UserStore,
    private readonly events: EventLog,
  ) {}

  /** Call with the user locked. @returns `false` where the address has become another account's */
  async verify(tx: Tx, { email, before, ...about }: VerifiedAddress): Promise<boolean> {
    if (!(await this.users.setVerifiedEmail(tx, about.userId, email))) return false;
    if (email !== before.email) {
      await this.events.append(tx, { type: 'email.changed', ...about, data: { fields: ['email'] } });
    }
    if (before.emailVerified) return true;
    await this.users.bumpEpoch(tx, about.userId);
    const data = { fields: ['emailVerified'], claimed: true };
    await this.events.append(tx, { type: 'user.updated', ...about, data });
    return true;
  }
}
