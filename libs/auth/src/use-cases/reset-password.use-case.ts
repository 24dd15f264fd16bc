import { Injectable } from '@nestjs/common';
import { Database, type Origin } from '@countersign/core';
import { NewPasswords, type RejectedPassword } from '../accounts/new-passwords.js';
import { PresentedLinks, type TokenOfLink } from '../mailed-links/presented-links.js';

/** A mailed link's token, and the password that is to be. */
export interface ResetPasswordInput extends TokenOfLink {
  readonly newPassword: string;
  readonly origin: Origin;
}

/** How it ended. */
export type ResetPasswordResult =
  | { readonly outcome: 'reset' }
  /** The token opens nothing, or nothing any more. */
  | { readonly outcome: 'refused' }
  /** The token is still good. */
  | RejectedPassword;

/** Gives an account a new password by a mailed link. Nobody is logged in by it. */
@Injectable()
export class ResetPassword {
  constructor(
    private readonly links: PresentedLinks,
    private readonly passwords: NewPasswords,
    private readonly database: Database,
  ) {}

  /** @throws HashingBusy when the pool's queue is full */
  async run({ newPassword, origin, ...token }: ResetPasswordInput): Promise<ResetPasswordResult> {
    const link = await this.links.find('rst', token);
    // Bound to the address: who has another one by now gets no new password by the old one's mail.
    if (link === undefined || link.email !== link.account.email) return { outcome: 'refused' };
    const prepared = await this.passwords.prepare(newPassword, link.account);
    if (prepared.outcome === 'rejected') return prepared;
    return this.database.transaction(async (tx): Promise<ResetPasswordResult> => {
      if (!(await this.links.spend(tx, link))) return { outcome: 'refused' };
      await this.passwords.reset(tx, link, prepared, origin);
      return { outcome: 'reset' };
    });
  }
}
