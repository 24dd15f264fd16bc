import { Injectable } from '@nestjs/common';
import { Database, SYSTEM_ORIGIN } from '@countersign/core';
import { Applications } from '@countersign/directory';
import { AccountMaker } from '../accounts/account-maker.js';
import { PromotedAccounts } from '../accounts/promoted-accounts.js';

/** Who is to be an administrator of the default application. */
export interface SetAdministratorInput {
  /** In the form in which it is stored. */
  readonly email: string;
  /** Accepted by the password rules. */
  readonly password: string;
}

/** The operator's way in: makes an administrator, or makes an account one and gives it a new password. */
@Injectable()
export class SetAdministrator {
  constructor(
    private readonly applications: Applications,
    private readonly accounts: AccountMaker,
    private readonly promoted: PromotedAccounts,
    private readonly database: Database,
  ) {}

  /**
   * Sessions and devices of an account that is there end. Its factors stay, unless its address was never verified: then
   * it may be a stranger's, and everything that it has goes.
   */
  async run({ email, password }: SetAdministratorInput): Promise<'made' | 'reset' | 'cleared'> {
    const application = await this.applications.bySlug();
    if (application === undefined) throw new Error('The default application is missing');
    const account = await this.accounts.prepare({
      applicationId: application.id,
      email,
      password,
      displayName: 'Administrator',
      locale: null,
      role: 'admin',
      mustVerify: false,
    });
    return this.database.transaction(async (tx) => {
      if (await this.accounts.write(tx, account, SYSTEM_ORIGIN)) return 'made';
      return this.promoted.promote(tx, account);
    });
  }
}
