import { Injectable } from '@nestjs/common';
import { Database, SYSTEM_ORIGIN } from '@countersign/core';
import { ApplicationStore, Applications, canonicalEmail, UserStore } from '@countersign/directory';
import { AccountMaker } from '../accounts/account-maker.js';

/** The first administrator's credentials. */
export interface BootstrapAdminInput {
  readonly email: string;
  /** Made only when it is needed. */
  readonly password: () => string;
}

/** What was found or made. */
export type BootstrapAdminResult =
  | { readonly outcome: 'made'; readonly password: string }
  | { readonly outcome: 'there-already' | 'not-asked' };

/** Makes the default application and the first administrator where they are missing. Harmless when repeated. */
@Injectable()
export class BootstrapAdmin {
  constructor(
    private readonly applicationStore: ApplicationStore,
    private readonly applications: Applications,
    private readonly users: UserStore,
    private readonly accounts: AccountMaker,
    private readonly database: Database,
  ) {}

  /**
   * Two first starts make one of each: slug and address are unique.
   * @param administrator absent where no administrator is to be made
   */
  async run(administrator: BootstrapAdminInput | undefined): Promise<BootstrapAdminResult> {
    await this.applicationStore.ensureDefault(this.database.direct);
    if (await this.users.hasAdmin(this.database.direct)) return { outcome: 'there-already' };
    if (administrator === undefined) return { outcome: 'not-asked' };
    const { email, password } = administrator;
    const application = await this.applications.bySlug();
    if (application === undefined) throw new Error('The default application is missing');
    const made = password();
    const account = await this.accounts.prepare({
      applicationId: application.id,
      email: canonicalEmail(email),
      password: made,
      displayName: 'Administrator',
      locale: null,
      role: 'admin',
      mustVerify: false,
    });
    const written = await this.database.transaction((tx) => this.accounts.write(tx, account, SYSTEM_ORIGIN));
    return written ? { outcome: 'made', password: made } : { outcome: 'there-already' };
  }
}
