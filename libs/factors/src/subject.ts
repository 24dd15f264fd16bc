import type { Application, KnownUser } from '@countersign/directory';

/** The user as the engine sees them: whose factors, in whose name, and under which security epoch. */
export interface Subject {
  readonly application: Application;
  readonly userId: string;
  readonly securityEpoch: number;
  /** How the user calls the account: the e-mail address, else the application's own id for the user. */
  readonly account: string;
  /** The user's language (BCP 47), where one is known. */
  readonly locale: string | null;
  /** Set while there is no such user yet: they are made with their first factor. */
  readonly toBeMade?: { readonly externalId: string };
}

/** A user whom a server names, as the engine sees them. */
export function subjectOfUser(user: KnownUser, application: Application): Subject {
  return {
    application,
    userId: user.id,
    securityEpoch: user.securityEpoch,
    account: user.email ?? user.externalId,
    locale: user.locale,
  };
}
