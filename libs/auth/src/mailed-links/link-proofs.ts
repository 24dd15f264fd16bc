import { Injectable } from '@nestjs/common';
import { type BucketState, Database, type Origin } from '@countersign/core';
import { PasswordCheck } from '../passwords/password-check.js';
import type { SessionOfAccount } from '../sessions/session.js';
import type { PresentedLink } from './mailed-link.js';
import { MailedLinkStore } from './mailed-link.store.js';

/** What comes with a link to show that its reader chose the password. */
export interface ProofOfLink {
  readonly password: string | undefined;
  /** Finds the live session that the request comes from; asked only where no password came. */
  readonly session: () => Promise<SessionOfAccount | undefined>;
  readonly origin: Origin;
}

/** What came of it. */
export type JudgedProof =
  | { readonly outcome: 'proven' }
  /** Neither password nor session. */
  | { readonly outcome: 'missing' }
  | { readonly outcome: 'wrong' }
  /** The link has taken as many passwords as it may. */
  | { readonly outcome: 'refused' }
  | { readonly outcome: 'limited'; readonly budget: BucketState };

/**
 * Tells whether the one who follows a link also chose the password: a mailbox proves nothing about that (api.md, "Whose
 * address"). What counts is the password of the registration that mailed the link, or a live session of the account
 * that has its password from that registration.
 */
@Injectable()
export class LinkProofs {
  constructor(
    private readonly links: MailedLinkStore,
    private readonly passwords: PasswordCheck,
    private readonly database: Database,
  ) {}

  /** @throws HashingBusy when the pool's queue is full */
  async judge(link: PresentedLink, { password, session, origin }: ProofOfLink): Promise<JudgedProof> {
    if (password !== undefined) return this.#byPassword(link, password, origin);
    if (link.registration !== null) return { outcome: 'missing' };
    const live = await session();
    return { outcome: live?.account.id === link.userId ? 'proven' : 'missing' };
  }

  async #byPassword(link: PresentedLink, password: string, origin: Origin): Promise<JudgedProof> {
    const { applicationId, userId, account, registration } = link;
    const tries = { left: true };
    const checked = await this.passwords.run({
      applicationId,
      email: account.email,
      account: { id: userId, passwordHash: (registration ?? account).passwordHash },
      password,
      deviceToken: undefined,
      linkId: link.id,
      // Where passwords cannot be counted, none is looked at, and the link stays as good as it was.
      claimTry: async () => {
        tries.left = await this.links.claimTry(this.database.direct, link);
        return tries.left;
      },
      origin,
    });
    if (!tries.left) return { outcome: 'refused' };
    return checked.outcome === 'right' ? { outcome: 'proven' } : checked;
  }
}
