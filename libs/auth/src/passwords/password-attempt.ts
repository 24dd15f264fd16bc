import type { Origin } from '@countersign/core';
import type { Account } from '../accounts/account.js';

/** One try at an account's password. */
export interface PasswordAttempt {
  readonly applicationId: string;
  /** In any spelling. The account need not exist. */
  readonly email: string;
  readonly account: Account | undefined;
  readonly deviceToken: string | undefined;
  readonly origin: Origin;
}
