import { Injectable } from '@nestjs/common';
import { Database, EventLog, SYSTEM_ORIGIN, type Tx } from '@countersign/core';
import { Applications, UserStore } from '@countersign/directory';
import { AccountMaker, type PreparedAccount } from '../accounts/account-maker.js';

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
    private readonly users: UserStore,
    private readonly events: EventLog,
    private readonly database: Database,
  ) {}

  /** Sessions and devices of an account that is there end; its factors stay. */
  async run({ email, password }: SetAdministratorInput): Promise<'made' | 'reset'> {
    const application = await this.applications.bySlug();
    if (application === undefined) throw new Error('The default application is missing');
    const account = await this.accounts.prepare({
      applicationId: application.id,
      email,
      password,
      displayName: 'Administrator',
      locale: null,
      role: 'admin',
    });
    return this.database.transaction(async (tx) => {
      if (await this.accounts.write(tx, account, SYSTEM_ORIGIN)) return 'made';
      await this.#reset(tx, account);
      return 'reset';
    });
  }

  async #reset(tx: Tx, { applicationId, email, passwordHash }: PreparedAccount): Promise<void> {
    const user = await this.users.makeAdmin(tx, applicationId, email, passwordHash);
    const about = { applicationId, userId: user.id, origin: SYSTEM_ORIGIN };
    if (user.changed.length > 0) {
      await this.events.append(tx, { type: 'user.updated', ...about, data: { fields: user.changed } });
    }
    await this.events.append(tx, { type: 'password.changed', ...about, data: {} });
  }
}
