import { Injectable } from '@nestjs/common';
import { Clock, statement, sweepInBatches, type Tx } from '@countersign/core';
import { DeviceEntity } from './device.entity.js';

/** A trusted device as lists show it. */
export interface Device {
  readonly id: string;
  readonly name: string | null;
  readonly createdAt: Date;
  readonly lastUsedAt: Date | null;
  readonly expiresAt: Date;
  readonly ip: string | null;
  readonly userAgent: string | null;
}

/** Whose devices, and from where in the list on. */
export interface DevicePage {
  readonly userId: string;
  readonly limit: number;
  /** The id of the last device of the page before. */
  readonly after: string | undefined;
}

// A device counts only while its user's security epoch is the one it was made under.
const LIVE = `device.user_id = $1 AND device.revoked_at IS NULL AND device.expires_at > $2
          AND EXISTS (SELECT FROM users WHERE users.id = device.user_id
                         AND users.security_epoch = device.security_epoch)`;

const LIST = statement(
  'device-list',
  `SELECT id, name, created_at AS "createdAt", last_used_at AS "lastUsedAt", expires_at AS "expiresAt",
          ip, user_agent AS "userAgent"
     FROM devices AS device
    WHERE ${LIVE} AND ($3::uuid IS NULL OR id > $3)
    ORDER BY id
    LIMIT $4`,
);

const RECOGNISE = statement(
  'device-recognise',
  `SELECT id FROM devices AS device
    WHERE ${LIVE} AND id = $3 AND application_id = $4 AND digest = $5`,
);

const USE = statement(
  'device-use',
  `UPDATE devices SET last_used_at = $2, password_failures = 0 WHERE id = $1`,
);

// Also those that the epoch has ended just now, so that each is told of.
const REVOKE = statement(
  'device-revoke',
  `UPDATE devices SET revoked_at = $2
    WHERE user_id = $1 AND revoked_at IS NULL AND expires_at > $2 AND ($3::uuid IS NULL OR id = $3)
   RETURNING id`,
);

const JOIN_EPOCH = statement(
  'device-join-epoch',
  `UPDATE devices AS device SET security_epoch = users.security_epoch
     FROM users
    WHERE users.id = $1 AND device.user_id = users.id AND device.revoked_at IS NULL
      AND device.security_epoch = users.security_epoch - 1`,
);

const COUNT_FAILURE = statement(
  'device-count-failure',
  `UPDATE devices SET password_failures = password_failures + 1 WHERE id = $1
   RETURNING password_failures AS failures`,
);

const SWEEP = statement(
  'device-sweep',
  `DELETE FROM devices WHERE id IN (SELECT id FROM devices WHERE expires_at < $1 LIMIT $2) RETURNING id`,
);

/** Reads and writes trusted devices. */
@Injectable()
export class DeviceStore {
  constructor(private readonly clock: Clock) {}

  async insert(
    tx: Tx,
    device: Omit<DeviceEntity, 'passwordFailures' | 'lastUsedAt' | 'revokedAt'>,
  ): Promise<void> {
    await tx.manager.insert(DeviceEntity, device);
  }

  async list(tx: Tx, { userId, limit, after }: DevicePage): Promise<Device[]> {
    return tx.query<Device>(LIST, [userId, this.clock.now(), after ?? null, limit]);
  }

  /** Whether a token's device is trusted by this very user now. */
  async isLive(
    tx: Tx,
    device: { userId: string; applicationId: string; id: string; digest: Buffer },
  ): Promise<boolean> {
    const { userId, applicationId, id, digest } = device;
    return (await tx.query(RECOGNISE, [userId, this.clock.now(), id, applicationId, digest])).length > 0;
  }

  async markUsed(tx: Tx, id: string): Promise<void> {
    await tx.query(USE, [id, this.clock.now()]);
  }

  /** Revokes one device of a user, or all of them. @returns the ids of those that were live */
  async revoke(tx: Tx, userId: string, id?: string): Promise<string[]> {
    const rows = await tx.query<{ id: string }>(REVOKE, [userId, this.clock.now(), id ?? null]);
    return rows.map((row) => row.id);
  }

  /** Lets the user's devices live on under the epoch that has just begun. */
  async joinEpoch(tx: Tx, userId: string): Promise<void> {
    await tx.query(JOIN_EPOCH, [userId]);
  }

  /** Removes devices whose time ended longer ago than this, in milliseconds. */
  async sweep(tx: Tx, keptMs: number): Promise<void> {
    await sweepInBatches(tx, SWEEP, this.clock, keptMs);
  }

  /** Counts a wrong password that came with a device's token. @returns how many in a row */
  async countFailure(tx: Tx, id: string): Promise<number> {
    const [row] = await tx.query<{ failures: number }>(COUNT_FAILURE, [id]);
    return row?.failures ?? 0;
  }
}
