import { Injectable } from '@nestjs/common';
import { Database, type Origin } from '@countersign/core';
import { actingAs } from '../accounts/account.js';
import { VerifiedAddresses } from '../accounts/verified-addresses.js';
import { PresentedLinks, type TokenOfLink } from '../mailed-links/presented-links.js';

/** A mailed link's token. */
export interface VerifyEmailInput extends TokenOfLink {
  readonly origin: Origin;
}

/** How it ended: `refused` where the token opens nothing, or nothing any more. */
export type VerifyEmailResult = 'verified' | 'refused';

/** Notes that an address is its account's, or makes it so where the account asked for another one. */
@Injectable()
export class VerifyEmail {
  constructor(
    private readonly links: PresentedLinks,
    private readonly addresses: VerifiedAddresses,
    private readonly database: Database,
  ) {}

  async run({ origin, ...token }: VerifyEmailInput): Promise<VerifyEmailResult> {
    const link = await this.links.find('vfy', token);
    if (link === undefined) return 'refused';
    const { applicationId, userId, email, account: before, kind } = link;
    if (kind === 'verify_email' && email !== before.email) return 'refused';
    try {
      return await this.database.transaction(async (tx) => {
        if (!(await this.links.spend(tx, link))) return 'refused';
        const about = { applicationId, userId, origin: actingAs(userId, origin) };
        if (!(await this.addresses.verify(tx, { ...about, email, before }))) throw new AddressTaken();
        return 'verified';
      });
    } catch (error) {
      if (error instanceof AddressTaken) return 'refused';
      throw error;
    }
  }
}

// Leaves the transaction: PostgreSQL has given it up at the unique index anyway.
class AddressTaken extends Error {}
