import { Injectable } from '@nestjs/common';
import { type BucketState, Database } from '@countersign/core';
import { actingAs } from '../accounts/account.js';
import { VerifiedAddresses } from '../accounts/verified-addresses.js';
import { LinkProofs, type ProofOfLink } from '../mailed-links/link-proofs.js';
import { PresentedLinks, type TokenOfLink } from '../mailed-links/presented-links.js';

/** A mailed link's token, and what shows that its reader chose the password. */
export interface VerifyEmailInput extends TokenOfLink, ProofOfLink {}

/** How it ended. */
export type VerifyEmailResult =
  | { readonly outcome: 'verified'; readonly secondFactorRemoved: boolean }
  /** The token opens nothing, or nothing any more. */
  | { readonly outcome: 'refused' }
  /** Neither password nor session came; the link is still good. */
  | { readonly outcome: 'missing'; readonly link: 'registration' | 'change_of_address' }
  | { readonly outcome: 'wrong' }
  | { readonly outcome: 'limited'; readonly budget: BucketState };

/** Notes that an address is its account's, or makes it so where the account asked for another one. */
@Injectable()
export class VerifyEmail {
  constructor(
    private readonly links: PresentedLinks,
    private readonly proofs: LinkProofs,
    private readonly addresses: VerifiedAddresses,
    private readonly database: Database,
  ) {}

  /** @throws HashingBusy when the pool's queue is full */
  async run({ origin, password, session, ...token }: VerifyEmailInput): Promise<VerifyEmailResult> {
    const link = await this.links.find('verification', token);
    if (link === undefined) return { outcome: 'refused' };
    const { applicationId, userId, account: before, kind, registration } = link;
    const email = kind === 'change_email' ? link.email : before.email;
    const judged = await this.proofs.judge(link, { password, session, origin });
    if (judged.outcome === 'missing') {
      return { ...judged, link: kind === 'change_email' ? 'change_of_address' : 'registration' };
    }
    if (judged.outcome !== 'proven') return judged;
    try {
      return await this.database.transaction(async (tx): Promise<VerifyEmailResult> => {
        if (!(await this.links.spend(tx, link))) return { outcome: 'refused' };
        const proof = { by: 'registration', registration } as const;
        const about = { applicationId, userId, origin: actingAs(userId, origin) };
        const settled = await this.addresses.settle(tx, { ...about, email, before, proof });
        if (settled.outcome === 'taken') throw new AddressTaken();
        return { ...settled, outcome: 'verified' };
      });
    } catch (error) {
      if (error instanceof AddressTaken) return { outcome: 'refused' };
      throw error;
    }
  }
}

// Leaves the transaction: PostgreSQL has given it up at the unique index anyway.
class AddressTaken extends Error {}
