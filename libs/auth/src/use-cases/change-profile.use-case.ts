import { Injectable } from '@nestjs/common';
import { Database, type EventDraft, EventLog, type Origin, Problem } from '@countersign/core';
import { type UserChanges, UserStore } from '@countersign/directory';
import type { Account } from '../accounts/account.js';
import { AccountStore } from '../accounts/account.store.js';

/** What is to change of an account; absent fields stay. */
export interface ChangeProfileInput {
  readonly account: Account;
  readonly changes: UserChanges;
  readonly origin: Origin;
}

const OVERTAKEN = { detail: 'The account was changed meanwhile: try again.' };

/** Changes an account's own fields. A new address counts at once, because this deployment sends no mail. */
@Injectable()
export class ChangeProfile {
  constructor(
    private readonly users: UserStore,
    private readonly accounts: AccountStore,
    private readonly events: EventLog,
    private readonly database: Database,
  ) {}

  /**
   * @throws Problem `conflict` where factors, password or status changed after the request was let in
   * @returns the account afterwards; an address that is taken is left as it was, and nobody is told
   */
  async run({ account, changes, origin }: ChangeProfileInput): Promise<Account> {
    const { email, ...profile } = given(changes);
    if (Object.keys(profile).length > 0) await this.#apply(account, profile, origin, 'user.updated');
    if (email !== undefined && email !== account.email)
      await this.#apply(account, { email }, origin, 'email.changed');
    return (await this.accounts.byId(this.database.direct, account.id)) ?? account;
  }

  async #apply(
    account: Account,
    changes: UserChanges,
    origin: Origin,
    type: EventDraft['type'],
  ): Promise<void> {
    const { id: userId, applicationId } = account;
    const fields = Object.keys(changes);
    try {
      await this.database.transaction(async (tx) => {
        if ((await this.users.lock(tx, userId)) !== account.securityEpoch)
          throw new Problem('conflict', OVERTAKEN);
        if (!(await this.users.update(tx, userId, changes))) throw new AddressTaken();
        await this.events.append(tx, { type, applicationId, userId, origin, data: { fields } });
      });
    } catch (error) {
      if (!(error instanceof AddressTaken)) throw error;
    }
  }
}

// A validated request body names the fields that were absent, too.
function given(changes: UserChanges): UserChanges {
  return Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined));
}

// Leaves the transaction: PostgreSQL has given it up at the unique index anyway.
class AddressTaken extends Error {}
