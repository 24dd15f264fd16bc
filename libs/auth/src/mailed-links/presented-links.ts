import { Injectable } from '@nestjs/common';
import { Database, parseToken, type Tx } from '@countersign/core';
import type { LinkMailKind } from '@countersign/delivery';
import { UserStore } from '@countersign/directory';
import type { PresentedLink } from './mailed-link.js';
import { MailedLinkStore } from './mailed-link.store.js';

/** The token of a link, and the application that the request named, if any (UUID). */
export interface TokenOfLink {
  readonly token: string;
  readonly applicationId: string | undefined;
}

const KINDS = {
  vfy: ['verify_email', 'change_email'],
  rst: ['reset_password'],
} as const satisfies Readonly<Record<'vfy' | 'rst', readonly LinkMailKind[]>>;

/** Takes links that come back: each once, while what it stands on is as it was. */
@Injectable()
export class PresentedLinks {
  constructor(
    private readonly store: MailedLinkStore,
    private readonly users: UserStore,
    private readonly database: Database,
  ) {}

  /** @returns `undefined` for a token that opens nothing, or nothing any more; it is not spent by this */
  async find(kind: 'vfy' | 'rst', { token, applicationId }: TokenOfLink): Promise<PresentedLink | undefined> {
    const parsed = parseToken(kind, token);
    if (parsed === undefined) return undefined;
    const link = await this.store.find(this.database.direct, parsed.ids[0], parsed.digest, KINDS[kind]);
    return applicationId === undefined || link?.applicationId === applicationId ? link : undefined;
  }

  /**
   * Spends a link, its user locked.
   * @returns `false` where somebody was quicker, or the user is not what they were when it was found
   */
  async spend(tx: Tx, { id, userId, securityEpoch, account }: PresentedLink): Promise<boolean> {
    const user = await this.users.lockAny(tx, userId);
    const same =
      user?.status === 'active' && user.securityEpoch === securityEpoch && user.email === account.email;
    return same && (await this.store.delete(tx, id));
  }
}
