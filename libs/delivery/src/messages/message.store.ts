import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Clock, Erasures, statement, sweepInBatches, type Tx } from '@countersign/core';
import type { Channel } from '@countersign/factor-kit';
import type { MessageStatus } from './message.entity.js';

/** A message that is about to be sent. UUIDs. */
export interface NewMessage {
  readonly id: string;
  readonly applicationId: string;
  readonly userId: string;
  readonly channel: Channel;
  readonly country: string | null;
  readonly enrolment: boolean;
  /** Stands for the network that an enrolment was asked for from. */
  readonly source: string | null;
}

/** What a vendor said when it was handed a message. */
export interface Handover {
  readonly id: string;
  readonly status: 'accepted' | 'unknown' | 'failed';
  readonly vendor: string;
  readonly vendorId: string | null;
}

/** What a vendor reports later. */
export interface VendorReport {
  /** Our id of the message, and the vendor's. */
  readonly id: string;
  readonly vendor: string;
  readonly vendorId: string;
  readonly status: Extract<MessageStatus, 'sent' | 'delivered' | 'undelivered' | 'failed'>;
  readonly errorCode: string | null;
}

/** Which codes are judged by how many of them were used. */
export interface ConversionOf {
  /** UUID. */
  readonly applicationId: string;
  readonly country: string;
  readonly enrolment: boolean;
  readonly from: Date;
  readonly to: Date;
  /** So many unused codes of one source count, or of one user where no source is known. */
  readonly maxUnused: number;
  /** The source that is looked at by itself as well. */
  readonly source: string | null;
}

/** Codes that went to a country, and how many of them were used. */
export interface Conversion {
  readonly sent: number;
  readonly used: number;
  /** The same of the one source alone, all of its codes counted. */
  readonly ownSent: number;
  readonly ownUsed: number;
  readonly oldest: Date | null;
}

const INSERT = statement(
  'message-insert',
  `INSERT INTO messages (id, application_id, user_id, channel, country, enrolment, source, status, created_at,
                         updated_at)
   VALUES ($1, $2, $3, $4, $5, $6, $7, 'queued', $8, $8)`,
);

// A report may be quicker than the vendor's own answer: what it said stays.
const HAND_OVER = statement(
  'message-hand-over',
  `UPDATE messages
      SET status = CASE status WHEN 'queued' THEN $2 ELSE status END, vendor = $3, vendor_id = $4, updated_at = $5
    WHERE id = $1`,
);

// Reports come in any order and more than once: a final one is final.
const REPORT = statement(
  'message-report',
  `UPDATE messages
      SET status = $4, error_code = $5, vendor = $2, vendor_id = $3, updated_at = $6
    WHERE id = $1
      AND (vendor IS NULL OR vendor = $2)
      AND (vendor_id IS NULL OR vendor_id = $3)
      AND status IN ('queued', 'accepted', 'unknown', 'sent')
      AND status <> $4
   RETURNING id`,
);

const VERIFIED = statement(
  'message-verified',
  `UPDATE messages SET verified_at = $2 WHERE id = $1 AND verified_at IS NULL`,
);

const CONVERSION = statement(
  'message-conversion',
  `SELECT coalesce(sum(used + least(sent - used, $6::integer)), 0)::integer AS sent,
          coalesce(sum(used), 0)::integer AS used,
          coalesce(sum(sent) FILTER (WHERE source = $7::text), 0)::integer AS "ownSent",
          coalesce(sum(used) FILTER (WHERE source = $7::text), 0)::integer AS "ownUsed",
          min(oldest) AS oldest
     FROM (SELECT source, count(*)::integer AS sent, count(verified_at)::integer AS used, min(created_at) AS oldest
             FROM messages
            WHERE application_id = $1 AND country = $2 AND enrolment = $3
              AND created_at > $4 AND created_at <= $5
              AND status NOT IN ('queued', 'failed')
            GROUP BY source, CASE WHEN source IS NULL THEN user_id END) AS asked`,
);

/** Stands for users who were erased (RFC 9562 section 5.9). */
const ERASED_USER = '00000000-0000-0000-0000-000000000000';

// The record stays, without its user: an account that is erased again and again must not make the brake forget.
const ERASE = statement(
  'message-erase',
  `UPDATE messages SET user_id = $3, vendor_id = NULL
    WHERE id IN (SELECT id FROM messages WHERE user_id = $1 LIMIT $2)
   RETURNING id`,
);

const SWEEP = statement(
  'message-sweep',
  `DELETE FROM messages
    WHERE id IN (SELECT id FROM messages WHERE created_at < $1 LIMIT $2)
   RETURNING id`,
);

/** Reads and writes the records of messages. */
@Injectable()
export class MessageStore implements OnModuleInit {
  constructor(
    private readonly clock: Clock,
    private readonly erasures: Erasures,
  ) {}

  onModuleInit(): void {
    this.erasures.register(
      async (tx, userId, limit) => (await tx.query(ERASE, [userId, limit, ERASED_USER])).length,
    );
  }

  /** Records a message before a vendor is asked. */
  async insert(tx: Tx, message: NewMessage): Promise<void> {
    const { id, applicationId, userId, channel, country, enrolment, source } = message;
    const now = this.clock.now();
    await tx.query(INSERT, [id, applicationId, userId, channel, country, enrolment, source, now]);
  }

  /** Notes what the vendor said. */
  async handedOver(tx: Tx, { id, status, vendor, vendorId }: Handover): Promise<void> {
    await tx.query(HAND_OVER, [id, status, vendor, vendorId, this.clock.now()]);
  }

  /** Notes a vendor's report. @returns whether it told anything new of a message of that vendor's */
  async report(tx: Tx, { id, vendor, vendorId, status, errorCode }: VendorReport): Promise<boolean> {
    const rows = await tx.query(REPORT, [id, vendor, vendorId, status, errorCode, this.clock.now()]);
    return rows.length > 0;
  }

  /** Notes that the code of a message was accepted. */
  async verified(tx: Tx, id: string): Promise<void> {
    await tx.query(VERIFIED, [id, this.clock.now()]);
  }

  /** Counts the SMS of an application to a country that went out between two moments, and those that were used. */
  async conversion(tx: Tx, of: ConversionOf): Promise<Conversion> {
    const { applicationId, country, enrolment, from, to, maxUnused, source } = of;
    const values = [applicationId, country, enrolment, from, to, maxUnused, source];
    const [row] = await tx.query<Conversion>(CONVERSION, values);
    return row ?? { sent: 0, used: 0, ownSent: 0, ownUsed: 0, oldest: null };
  }

  /** Removes the records of messages that were sent longer ago than this, in milliseconds. */
  async sweep(tx: Tx, keptMs: number): Promise<void> {
    await sweepInBatches(tx, SWEEP, this.clock, keptMs);
  }
}
