import { Injectable, type OnModuleInit } from '@nestjs/common';
import { emptying, RestoreSteps, statement } from '@countersign/core';

const COUNT = statement(
  'restore-deliveries-count',
  `SELECT count(*)::integer AS count FROM webhook_deliveries WHERE status = 'pending'`,
);

const DROP = statement(
  'restore-deliveries-drop',
  `UPDATE webhook_deliveries
      SET status = 'failed', error = 'dropped_after_restore', leased_until = NULL, next_attempt_at = NULL, again = false
    WHERE status = 'pending'
   RETURNING 1`,
);

/** Drops, where that is asked for, what a restored backup had still to deliver: it may have been delivered since. */
@Injectable()
export class RestoredDeliveries implements OnModuleInit {
  constructor(private readonly steps: RestoreSteps) {}

  onModuleInit(): void {
    this.steps.add({
      what: 'pending deliveries of webhooks are dropped',
      order: 80,
      onlyToDrop: true,
      count: async (tx) => (await tx.query<{ count: number }>(COUNT, []))[0]?.count ?? 0,
      run: async (tx) => ({ done: (await tx.query(DROP, [])).length }),
    });
    this.steps.add({
      ...emptying('webhook_replays', 'redeliveries that were asked for are dropped', 81),
      onlyToDrop: true,
    });
  }
}
