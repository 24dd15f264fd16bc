import { Injectable } from '@nestjs/common';
import { Database, parseToken, type Tx } from '@countersign/core';
import type { LinkMailKind } from '@countersign/delivery';
import { canonicalEmail, UserStore } from '@countersign/directory';
import type { PresentedLink } from './mailed-link.js';
import { MailedLinkStore } from './mailed-link.store.js';

/** The token of a link, and the application that the request named, if any (UUID). */
export interface TokenOfLink {
  readonly token: string;
  readonly applicationId: string | undefined;
}

/** What a link is presented for, and the kinds that count there, by the token that they have. */
const KINDS = {
  verification: { vfy: ['verify_email', 'change_email'], rst: [] },
  // Who reads the mail of an address that no account has verified may choose the password by either link.
  reset: { vfy: ['verify_email'], rst: ['reset_password'] },
} as const satisfies Readonly<
  Record<'verification' | 'reset', Readonly<Record<'vfy' | 'rst', readonly LinkMailKind[]>>>
>;

/** Takes links that come back: each once, while what it stands on is as it was. */
@Injectable()
export class PresentedLinks {
  constructor(
    private readonly store: MailedLinkStore,
    private readonly users: UserStore,
    private readonly database: Database,
  ) {}

  /** @returns `undefined` for a token that opens nothing, or nothing any more; it is not spent by this */
  async find(
    purpose: keyof typeof KINDS,
    { token, applicationId }: TokenOfLink,
  ): Promise<PresentedLink | undefined> {
    const kind = token.startsWith('vfy') ? 'vfy' : 'rst';
    const [kinds, parsed] = [KINDS[purpose][kind], parseToken(kind, token)];
    if (parsed === undefined || kinds.length === 0) return undefined;
    const link = await this.store.find(this.database.direct, parsed.ids[0], parsed.digest, kinds);
    if (link === undefined || !isStillBound(link)) return undefined;
    return applicationId === undefined || link.applicationId === applicationId ? link : undefined;
  }

  /**
   * Spends a link, its user locked.
   * @returns `false` where another request was quicker, or the user is not what they were when it was found
   */
  async spend(tx: Tx, link: PresentedLink): Promise<boolean> {
    const user = await this.users.lockAny(tx, link.userId);
    const same =
      user?.status === 'active' &&
      user.email === link.account.email &&
      // What ends a verification has removed it.
      (link.kind === 'verify_email' || user.securityEpoch === link.securityEpoch);
    return same && (await this.store.spend(tx, link));
  }
}

// Bound to the address: an account that has another one by now gets nothing by the old one's mail. What is to become the
// address is another one by nature.
function isStillBound({ kind, email, account }: PresentedLink): boolean {
  return kind === 'change_email' || canonicalEmail(email) === canonicalEmail(account.email);
}
