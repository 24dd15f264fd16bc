import { Injectable } from '@nestjs/common';
import { Database, EventLog, type Origin } from '@countersign/core';
import { type UserChanges, UserStore } from '@countersign/directory';
import type { Account } from '../accounts/account.js';
import { AccountStore } from '../accounts/account.store.js';

/** What is to change of an account; absent fields stay. */
export interface ChangeProfileInput {
  readonly account: Account;
  readonly changes: Omit<UserChanges, 'email'>;
  readonly origin: Origin;
}

/** How a change ended. */
export type ChangeProfileResult =
  | { readonly outcome: 'changed'; readonly account: Account }
  /** Factors, password or status changed after the request was let in. */
  | { readonly outcome: 'overtaken' };

/** Changes an account's own fields, its address and password aside. */
@Injectable()
export class ChangeProfile {
  constructor(
    private readonly users: UserStore,
    private readonly accounts: AccountStore,
    private readonly events: EventLog,
    private readonly database: Database,
  ) {}

  async run({ account, changes, origin }: ChangeProfileInput): Promise<ChangeProfileResult> {
    const { id: userId, applicationId } = account;
    const fields = Object.keys(changes);
    const changed = await this.database.transaction(async (tx) => {
      if ((await this.users.lock(tx, userId)) !== account.securityEpoch) return false;
      if (fields.length === 0) return true;
      await this.users.update(tx, userId, changes);
      await this.events.append(tx, { type: 'user.updated', applicationId, userId, origin, data: { fields } });
      return true;
    });
    if (!changed) return { outcome: 'overtaken' };
    const now = await this.accounts.byId(this.database.direct, userId);
    return { outcome: 'changed', account: now ?? account };
  }
}
