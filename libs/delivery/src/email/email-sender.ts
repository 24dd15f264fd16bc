/** A mail that is ready to go. */
export interface Email {
  /** One address. */
  readonly to: string;
  /** The name that the sender goes by: the application's issuer. */
  readonly fromName: string;
  readonly subject: string;
  readonly text: string;
  readonly html: string;
  /** Our own id of the message (UUID), the same when it is tried again; it becomes part of the Message-ID. */
  readonly id: string;
}

/** How a sending ended. `unknown`: the server had the message, and then said nothing in time. It counts as sent. */
export type Sent = { readonly outcome: 'accepted' | 'unknown' } | { readonly outcome: 'failed' };

/** Sends mail. Never rejects: what went wrong is logged without address and text, and told as an outcome. */
export abstract class EmailSender {
  /** Whether this deployment can send mail at all: a server, or outside production the mailbox. */
  abstract readonly available: boolean;
  /** Its name in the records. */
  abstract readonly vendor: string;

  abstract send(email: Email): Promise<Sent>;

  /** Lets go of the connections that it holds. */
  async close(): Promise<void> {}
}
