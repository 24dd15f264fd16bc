import type { LinkMailKind } from '@countersign/delivery';

/** A mail that is asked for. Ids are UUIDs. */
export interface MailRequest {
  readonly applicationId: string;
  readonly kind: LinkMailKind;
  /** Where it goes. */
  readonly email: string;
  /** Whose account it is about, and which epoch it dies with; else that of whoever has the address when it is sent. */
  readonly user: { readonly id: string; readonly securityEpoch: number } | undefined;
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
}

/** The user whom a mail is about, as they are now. */
export interface Addressee {
  readonly id: string;
  readonly securityEpoch: number;
  readonly locale: string | null;
  readonly emailVerified: boolean;
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
  readonly account: {
    readonly email: string;
    readonly emailVerified: boolean;
    readonly displayName: string | null;
  };
}
