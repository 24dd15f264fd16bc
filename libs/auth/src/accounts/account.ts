import { type Origin, publicId } from '@countersign/core';
import type { Application } from '@countersign/directory';
import type { Subject } from '@countersign/factors';

/** A built-in account as the rest of the house sees it. Ids are UUIDs. */
export interface Account {
  readonly id: string;
  readonly applicationId: string;
  readonly externalId: string;
  readonly email: string;
  readonly emailVerified: boolean;
  readonly displayName: string | null;
  readonly locale: string | null;
  readonly status: 'active' | 'suspended';
  readonly role: 'user' | 'admin';
  readonly twoFactorEnabled: boolean;
  /** When the second factor went with what others had set up at the address; until another one is active. */
  readonly secondFactorRemovedAt: Date | null;
  readonly securityEpoch: number;
  readonly createdAt: Date;
}

/** An account as the engine sees it. */
export function subjectOf(account: Account, application: Application): Subject {
  return {
    application,
    userId: account.id,
    securityEpoch: account.securityEpoch,
    account: account.email,
    locale: account.locale,
  };
}

/** Says that an account's owner is behind a request: known only once the password, or a challenge, has told. */
export function actingAs(userId: string, origin: Origin): Origin {
  return { ...origin, actor: { type: 'user', id: publicId('usr', userId) } };
}

/** The UUID of no account (RFC 9562 section 5.9): what is asked about one that does not exist is asked about it. */
export const NOBODY = '00000000-0000-0000-0000-000000000000';
