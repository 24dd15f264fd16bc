import type { Origin } from '@countersign/core';
import type { Account } from '../accounts/account.js';

/** One try at an account's password. */
export interface PasswordAttempt {
  readonly applicationId: string;
  /** In any spelling. The account need not exist. */
  readonly email: string;
  readonly account: Pick<Account, 'id'> | undefined;
  readonly deviceToken: string | undefined;
  /** UUID of the mailed link that the password comes with, if any: its reader is no stranger. */
  readonly linkId?: string;
  readonly origin: Origin;
}
