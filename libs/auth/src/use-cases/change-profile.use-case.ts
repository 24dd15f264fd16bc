import { Injectable } from '@nestjs/common';
import { Database, type EventDraft, EventLog, type Origin } from '@countersign/core';
import { type UserChanges, UserStore } from '@countersign/directory';
import type { Account } from '../accounts/account.js';
import { AccountStore } from '../accounts/account.store.js';

/** What is to change of an account; absent fields stay. */
export interface ChangeProfileInput {
  readonly account: Account;
  readonly changes: UserChanges;
  readonly origin: Origin;
}

/** How a change ended. */
export type ChangeProfileResult =
  | { readonly outcome: 'changed'; readonly account: Account }
  /** Factors, password or status changed after the request was let in. */
  | { readonly outcome: 'overtaken' };

/** Changes an account's own fields. A new address counts at once, because this deployment sends no mail. */
@Injectable()
export class ChangeProfile {
  constructor(
    private readonly users: UserStore,
    private readonly accounts: AccountStore,
    private readonly events: EventLog,
    private readonly database: Database,
  ) {}

  /** An address that is taken is left as it was, and nobody is told. */
  async run({ account, changes, origin }: ChangeProfileInput): Promise<ChangeProfileResult> {
    const { email, ...profile } = given(changes);
    // The address first: it alone can be too late, and then nothing else has changed either.
    const steps: [EventDraft['type'], UserChanges][] = [];
    if (email !== undefined && email !== account.email) steps.push(['email.changed', { email }]);
    if (Object.keys(profile).length > 0) steps.push(['user.updated', profile]);
    for (const [type, fields] of steps) {
      if (!(await this.#apply(account, fields, origin, type))) return { outcome: 'overtaken' };
    }
    const changed = await this.accounts.byId(this.database.direct, account.id);
    return { outcome: 'changed', account: changed ?? account };
  }

  // False where the account is no longer what the request was let in for.
  async #apply(
    account: Account,
    changes: UserChanges,
    origin: Origin,
    type: EventDraft['type'],
  ): Promise<boolean> {
    const { id: userId, applicationId } = account;
    const fields = Object.keys(changes);
    try {
      return await this.database.transaction(async (tx) => {
        if ((await this.users.lock(tx, userId)) !== account.securityEpoch) return false;
        if (!(await this.users.update(tx, userId, changes))) throw new AddressTaken();
        await this.events.append(tx, { type, applicationId, userId, origin, data: { fields } });
        return true;
      });
    } catch (error) {
      if (error instanceof AddressTaken) return true;
      throw error;
    }
  }
}

// A validated request body names the fields that were absent, too.
function given(changes: UserChanges): UserChanges {
  return Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined));
}

// Leaves the transaction: PostgreSQL has given it up at the unique index anyway.
class AddressTaken extends Error {}
