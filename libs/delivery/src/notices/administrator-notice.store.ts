import { Injectable } from '@nestjs/common';
import { type RelayedEvent, statement, type Tx } from '@countersign/core';
import { DEFAULT_APPLICATION } from '@countersign/directory';

/** An administrator who can be written to. */
export interface AdministratorAddress {
  readonly email: string;
  readonly locale: string | null;
}

// An application whose users its own servers know has no administrators: those of the default one see to it.
const ADMINISTRATORS = statement(
  'administrator-notice-administrators',
  `WITH administrators AS (
     SELECT users.id, users.application_id = $1 AS own
       FROM users
       JOIN applications ON applications.id = users.application_id
      WHERE users.role = 'admin' AND users.status = 'active' AND users.email IS NOT NULL
        AND (users.application_id = $1 OR applications.slug = $2)
   )
   SELECT id FROM administrators
    WHERE own OR NOT EXISTS (SELECT FROM administrators WHERE own)
    LIMIT 100`,
);

const ADDRESS = statement(
  'administrator-notice-address',
  `SELECT email, locale FROM users WHERE id = $1 AND role = 'admin' AND status = 'active'`,
);

const EVENT = statement(
  'administrator-notice-event',
  `SELECT application_id AS "applicationId", data FROM events WHERE id = $1 AND at = $2`,
);

/** Reads what administrators are told, and who they are. */
@Injectable()
export class AdministratorNoticeStore {
  /** The UUIDs of those who look after an application. */
  async administratorsOf(tx: Tx, applicationId: string): Promise<string[]> {
    const rows = await tx.query<{ id: string }>(ADMINISTRATORS, [applicationId, DEFAULT_APPLICATION]);
    return rows.map(({ id }) => id);
  }

  /** @returns `undefined` for one who is none any more */
  async address(tx: Tx, userId: string): Promise<AdministratorAddress | undefined> {
    const [address] = await tx.query<AdministratorAddress>(ADDRESS, [userId]);
    return address;
  }

  /** @returns `undefined` for one that is past retention */
  async event(
    tx: Tx,
    id: string,
    at: Date,
  ): Promise<Pick<RelayedEvent, 'applicationId' | 'data'> | undefined> {
    const [event] = await tx.query<Pick<RelayedEvent, 'applicationId' | 'data'>>(EVENT, [id, at]);
    return event;
  }
}
