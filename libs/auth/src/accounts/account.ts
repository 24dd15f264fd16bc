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
  readonly securityEpoch: number;
  readonly createdAt: Date;
}

/** The form in which account names are stored and compared: trimmed, lower case. */
export function normaliseEmail(text: string): string {
  return text.trim().toLowerCase();
}

/** The UUID of no account (RFC 9562 section 5.9): what is asked about one that does not exist is asked about it. */
export const NOBODY = '00000000-0000-0000-0000-000000000000';
