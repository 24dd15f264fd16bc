import type { LinkMailKind } from '@countersign/delivery';
import type { RegisteredProfile } from '@countersign/directory';

/** A registration that waits for its address to be verified: it has no account of its own. */
export interface WaitingRegistration extends RegisteredProfile {
  readonly passwordHash: string;
}

/** A mail that is asked for. Ids are UUIDs. */
export interface MailRequest {
  readonly applicationId: string;
  readonly kind: LinkMailKind;
  /** Where it goes. */
  readonly email: string;
  /** Whose account it is about, and which epoch it dies with; else that of whoever has the address when it is sent. */
  readonly user: { readonly id: string; readonly securityEpoch: number } | undefined;
  /** The registration that asks; absent where it made the account, whose password is then the one that counts. */
  readonly registration?: WaitingRegistration;
}

/** A mail that a worker has in hand. */
export interface DueMail {
  readonly id: string;
  readonly applicationId: string;
  readonly userId: string | null;
  readonly kind: LinkMailKind;
  readonly email: string;
  readonly securityEpoch: number | null;
  /** This one included. */
  readonly tries: number;
  /** Whether it belongs to a registration that waits, and that one's language. */
  readonly waits: boolean;
  readonly locale: string | null;
}

/** The user whom a mail is about, as they are now. */
export interface Addressee {
  readonly id: string;
  readonly securityEpoch: number;
  readonly locale: string | null;
  readonly emailVerified: boolean;
  readonly twoFactorEnabled: boolean;
  readonly secondFactorRemoved: boolean;
}

/** A link that came back, and its user as they are now. */
export interface PresentedLink {
  readonly id: string;
  readonly digest: Buffer;
  readonly kind: LinkMailKind;
  readonly applicationId: string;
  readonly userId: string;
  /** What the link is bound to. */
  readonly email: string;
  readonly securityEpoch: number;
  /** The registration that mailed it; `null` where that is the one whose password the account has. */
  readonly registration: WaitingRegistration | null;
  readonly account: {
    readonly email: string;
    readonly emailVerified: boolean;
    readonly displayName: string | null;
    readonly passwordHash: string;
  };
}
