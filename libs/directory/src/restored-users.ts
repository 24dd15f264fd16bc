import { Injectable, type OnModuleInit } from '@nestjs/common';
import { RestoreSteps, statement } from '@countersign/core';

const BATCH = 2_000;
const NIL = '00000000-0000-0000-0000-000000000000';

/** Further than any user's epoch can have come since a backup was made. */
const EPOCHS = 1_000;

const COUNT = statement('restore-users-count', 'SELECT count(*)::integer AS count FROM users');

const LEAP = statement(
  'restore-users-leap',
  `UPDATE users SET security_epoch = security_epoch + ${EPOCHS}
    WHERE id IN (SELECT id FROM users WHERE id > $1 ORDER BY id LIMIT ${BATCH})
   RETURNING id`,
);

/**
 * Ends, after a restore, all that remembers an epoch: sessions, devices, pending factors, and challenges that Redis has
 * kept through it. A step by one would do for what was restored, but may meet the epoch of what Redis has kept.
 */
@Injectable()
export class RestoredUsers implements OnModuleInit {
  constructor(private readonly steps: RestoreSteps) {}

  onModuleInit(): void {
    this.steps.add({
      what: 'users: their tokens, open challenges and pending factors end',
      order: 10,
      count: async (tx) => (await tx.query<{ count: number }>(COUNT, []))[0]?.count ?? 0,
      run: async (tx, after = NIL) => {
        const ids = (await tx.query<{ id: string }>(LEAP, [after])).map(({ id }) => id).sort();
        return { done: ids.length, after: ids.length === BATCH ? ids.at(-1) : undefined };
      },
    });
  }
}
