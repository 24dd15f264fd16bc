import { Inject, Injectable } from '@nestjs/common';
import { getConfigToken } from '@nestjs/config';
import { type BucketState, EphemeralStore, type Tx } from '@countersign/core';
import { LinkMailer, type LinkMailKind } from '@countersign/delivery';
import { canonicalEmail } from '@countersign/directory';
import { createHash } from 'node:crypto';
import type { AuthConfig } from '../auth.config.js';
import type { MailRequest } from './mailed-link.js';
import { MailedLinkStore } from './mailed-link.store.js';

/** Whether there may be one more mail now, or how long to wait. */
export type MailAllowance =
  { readonly allowed: true } | { readonly allowed: false; readonly budget: BucketState };

/** Asks for mails with links: few per account, sent later by a worker, so that asking tells nothing. */
@Injectable()
export class MailedLinks {
  constructor(
    private readonly links: MailedLinkStore,
    private readonly mailer: LinkMailer,
    private readonly store: EphemeralStore,
    @Inject(getConfigToken('auth')) private readonly config: AuthConfig,
  ) {}

  /** Whether this deployment sends mail. */
  get available(): boolean {
    return this.mailer.available;
  }

  /**
   * Claims one mail of an account's hour, whether there is such an account or not.
   * @param email in any spelling
   */
  async allow(applicationId: string, email: string): Promise<MailAllowance> {
    const limit = this.config.mailLimit;
    if (limit === 'off') return { allowed: true };
    const name = createHash('sha256').update(canonicalEmail(email)).digest('base64url');
    const bucket = { key: `mail:{${applicationId}}:${name}`, ...limit };
    const { taken, states } = await this.store.take([bucket]);
    if (taken) return { allowed: true };
    return { allowed: false, budget: states[0] ?? { remaining: 0, resetMs: limit.windowMs } };
  }

  /** Has a mail sent once the transaction commits; nothing where this deployment sends none. */
  async request(tx: Tx, request: MailRequest): Promise<void> {
    if (this.available) await this.links.insert(tx, request, true);
  }

  /** Takes back what was asked for before. */
  async forget(tx: Tx, userId: string, kind: LinkMailKind): Promise<void> {
    await this.links.drop(tx, userId, [kind]);
  }

  /**
   * Ends every link that would verify an account's address.
   * @returns how many registrations waited for it
   */
  async endVerifications(tx: Tx, userId: string): Promise<number> {
    return this.links.endVerifications(tx, userId);
  }

  /** Does the same work for a mail that is not to be sent. */
  async pretend(tx: Tx, { applicationId, kind, email, user }: MailRequest): Promise<void> {
    if (this.available) await this.links.insert(tx, { applicationId, kind, email, user }, false);
  }
}
