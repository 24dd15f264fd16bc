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
  | { readonly outcome: 'reset'; readonly secondFactorRemoved: boolean }
  /** The token opens nothing, or nothing any more. */
  | { readonly outcome: 'refused' }
  /** The token is still good. */
  | RejectedPassword;

/**
 * Gives an account a new password by a mailed link: one that was asked for, or while no account has verified the address
 * the one that verifies it. It logs in nobody.
 */
@Injectable()
export class ResetPassword {
  constructor(
    private readonly links: PresentedLinks,
    private readonly passwords: NewPasswords,
    private readonly database: Database,
  ) {}

  /** @throws HashingBusy when the pool's queue is full */
  async run({ newPassword, origin, ...token }: ResetPasswordInput): Promise<ResetPasswordResult> {
    const link = await this.links.find('reset', token);
    if (link === undefined) return { outcome: 'refused' };
    const prepared = await this.passwords.prepare(newPassword, link.account);
    if (prepared.outcome === 'rejected') return prepared;
    return this.database.transaction(async (tx): Promise<ResetPasswordResult> => {
      if (!(await this.links.spend(tx, link))) return { outcome: 'refused' };
      const secondFactorRemoved = await this.passwords.reset(tx, link, prepared, origin);
      return { outcome: 'reset', secondFactorRemoved };
    });
  }
}
