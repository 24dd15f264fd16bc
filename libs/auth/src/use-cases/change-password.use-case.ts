import { Injectable } from '@nestjs/common';
import { type BucketState, Database, type Origin } from '@countersign/core';
import type { Account } from '../accounts/account.js';
import { NewPasswords, type RejectedPassword } from '../accounts/new-passwords.js';
import { AccountStore } from '../accounts/account.store.js';
import { PasswordCheck } from '../passwords/password-check.js';

/** Whose password changes, from what to what. */
export interface ChangePasswordInput {
  readonly account: Account;
  readonly currentPassword: string;
  readonly newPassword: string;
  readonly origin: Origin;
}

/** How it ended. */
export type ChangePasswordResult =
  | { readonly outcome: 'changed' }
  | { readonly outcome: 'wrong' }
  | RejectedPassword
  /** Factors, password or status changed after the request was let in. */
  | { readonly outcome: 'overtaken' }
  | { readonly outcome: 'limited'; readonly budget: BucketState };

/** Gives an account a new password for its old one. The session that does it stays; the others and all devices end. */
@Injectable()
export class ChangePassword {
  constructor(
    private readonly accounts: AccountStore,
    private readonly check: PasswordCheck,
    private readonly passwords: NewPasswords,
    private readonly database: Database,
  ) {}

  /** @throws HashingBusy when the pool's queue is full */
  async run({
    account,
    currentPassword,
    newPassword,
    origin,
  }: ChangePasswordInput): Promise<ChangePasswordResult> {
    const checked = await this.check.run({
      applicationId: account.applicationId,
      email: account.email,
      account: await this.accounts.byId(this.database.direct, account.id),
      password: currentPassword,
      deviceToken: undefined,
      origin,
    });
    if (checked.outcome === 'limited') return checked;
    if (checked.outcome === 'wrong') return { outcome: 'wrong' };
    const prepared = await this.passwords.prepare(newPassword, account);
    if (prepared.outcome === 'rejected') return prepared;
    const changed = await this.database.transaction((tx) =>
      this.passwords.change(tx, account, prepared, origin),
    );
    return { outcome: changed ? 'changed' : 'overtaken' };
  }
}
