import { Injectable } from '@nestjs/common';
import { type BucketState, Database, EventLog, type Origin, type Tx } from '@countersign/core';
import { UserStore } from '@countersign/directory';
import type { Account } from '../accounts/account.js';
import { MailedLinks } from '../mailed-links/mailed-links.js';

/** Whose address is to become which. */
export interface ChangeEmailInput {
  readonly account: Account;
  /** In the form in which it is stored. */
  readonly email: string;
  readonly origin: Origin;
}

/** How a change ended. */
export type ChangeEmailResult =
  /** Whether the address was free, nobody is told. */
  | { readonly outcome: 'noted' }
  /** Factors, password or status changed after the request was let in. */
  | { readonly outcome: 'overtaken' }
  | { readonly outcome: 'limited'; readonly budget: BucketState };

/**
 * Gives an account another address: once its owner has followed a link that is mailed there, of which the old address is
 * told; at once where this deployment sends no mail.
 */
@Injectable()
export class ChangeEmail {
  constructor(
    private readonly users: UserStore,
    private readonly links: MailedLinks,
    private readonly events: EventLog,
    private readonly database: Database,
  ) {}

  async run(input: ChangeEmailInput): Promise<ChangeEmailResult> {
    return this.links.available ? this.#byMail(input) : this.#atOnce(input);
  }

  async #byMail({ account, email }: ChangeEmailInput): Promise<ChangeEmailResult> {
    const { applicationId } = account;
    const allowance = await this.links.allow(applicationId, account.email);
    if (!allowance.allowed) return { outcome: 'limited', budget: allowance.budget };
    return this.database.transaction(async (tx): Promise<ChangeEmailResult> => {
      if (await this.#overtaken(tx, account)) return { outcome: 'overtaken' };
      await this.links.forget(tx, account.id, 'change_email');
      await this.links.request(tx, { applicationId, kind: 'change_email', email, user: account });
      const told = { applicationId, kind: 'email_change_requested', email: account.email } as const;
      await this.links.request(tx, { ...told, user: account });
      return { outcome: 'noted' };
    });
  }

  async #atOnce({ account, email, origin }: ChangeEmailInput): Promise<ChangeEmailResult> {
    const { id: userId, applicationId } = account;
    try {
      return await this.database.transaction(async (tx): Promise<ChangeEmailResult> => {
        if (await this.#overtaken(tx, account)) return { outcome: 'overtaken' };
        if (!(await this.users.update(tx, userId, { email }))) throw new AddressTaken();
        const data = { fields: ['email'] };
        await this.events.append(tx, { type: 'email.changed', applicationId, userId, origin, data });
        return { outcome: 'noted' };
      });
    } catch (error) {
      if (error instanceof AddressTaken) return { outcome: 'noted' };
      throw error;
    }
  }

  async #overtaken(tx: Tx, { id, securityEpoch }: Account): Promise<boolean> {
    return (await this.users.lock(tx, id)) !== securityEpoch;
  }
}

// Leaves the transaction: PostgreSQL has given it up at the unique index anyway.
class AddressTaken extends Error {}
