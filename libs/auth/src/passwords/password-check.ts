import { Injectable } from '@nestjs/common';
import { type BucketState, Database } from '@countersign/core';
import { TrustedDevices } from '@countersign/devices';
import { UserStore } from '@countersign/directory';
import { NOBODY } from '../accounts/account.js';
import type { AccountWithPassword } from '../accounts/account.store.js';
import type { PasswordAttempt } from './password-attempt.js';
import { PasswordAttempts } from './password-attempts.js';
import { PasswordHasher } from './password-hasher.js';

/** A password to be checked against an account that may not exist. */
export interface PasswordToCheck extends PasswordAttempt {
  readonly account: Pick<AccountWithPassword, 'id' | 'passwordHash'> | undefined;
  readonly password: string;
  /**
   * Claims what a try costs beside the budget, once it is known that the password will be looked at.
   * @returns `false` where none is left: then it counts as wrong
   */
  readonly claimTry?: () => Promise<boolean>;
}

/** What came of it. */
export type CheckedPassword =
  | { readonly outcome: 'right' }
  | { readonly outcome: 'wrong' }
  | { readonly outcome: 'limited'; readonly budget: BucketState };

/** The one place where passwords are checked: counted before, in the same time for unknown accounts. */
@Injectable()
export class PasswordCheck {
  constructor(
    private readonly attempts: PasswordAttempts,
    private readonly hasher: PasswordHasher,
    private readonly users: UserStore,
    private readonly devices: TrustedDevices,
    private readonly database: Database,
  ) {}

  /** @throws HashingBusy when the pool's queue is full */
  async run(input: PasswordToCheck): Promise<CheckedPassword> {
    const { account, password } = input;
    const attempt = await this.attempts.claim(input);
    if (!attempt.claimed) return { outcome: 'limited', budget: attempt.budget };
    if ((await input.claimTry?.()) === false) {
      await attempt.giveBack();
      return { outcome: 'wrong' };
    }
    const right =
      account === undefined
        ? await this.hasher.verifyAgainstNothing(password)
        : await this.hasher.verify(account.passwordHash, password);
    if (!right || account === undefined) {
      await this.#countAgainstDevice(input);
      return { outcome: 'wrong' };
    }
    await attempt.giveBack();
    if (this.hasher.needsRehash(account.passwordHash)) {
      const stronger = await this.hasher.hash(password);
      await this.users.rehash(this.database.direct, account.id, account.passwordHash, stronger);
    }
    return { outcome: 'right' };
  }

  async #countAgainstDevice({ account, applicationId, deviceToken, origin }: PasswordToCheck): Promise<void> {
    if (deviceToken === undefined) return;
    // Done for unknown accounts too, so that the time taken does not tell which exist.
    const owner = { applicationId, userId: account?.id ?? NOBODY };
    await this.database.transaction((tx) => this.devices.passwordFailed(tx, deviceToken, owner, origin));
  }
}
