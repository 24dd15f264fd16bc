import { Injectable } from '@nestjs/common';
import { statement, type Tx } from '@countersign/core';

/** What a notice is made of: the event, and its owner as they are now. */
export interface NoticeFacts {
  readonly at: Date;
  readonly ip: string | null;
  readonly userAgent: string | null;
  readonly data: Readonly<Record<string, unknown>>;
  /** UUID. */
  readonly applicationId: string;
  readonly email: string | null;
  /** Whether nobody has shown yet that the address is the account's. */
  readonly unproven: boolean;
  readonly locale: string | null;
}

const FIND = statement(
  'notice-facts',
  `SELECT event.at, event.ip, event.user_agent AS "userAgent", event.data,
          event.application_id AS "applicationId", users.email, users.locale,
          users.password_hash IS NOT NULL AND users.email_verified_at IS NULL AS "unproven"
     FROM events AS event
     JOIN users ON users.id = event.user_id
    WHERE event.id = $1 AND event.at = $2`,
);

/** Reads what notices are about. */
@Injectable()
export class NoticeStore {
  /** @returns `undefined` where the owner was erased, or the event is past retention */
  async find(tx: Tx, eventId: string, at: Date): Promise<NoticeFacts | undefined> {
    const [facts] = await tx.query<NoticeFacts>(FIND, [eventId, at]);
    return facts;
  }
}
