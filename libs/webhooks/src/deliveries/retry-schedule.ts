import { Inject, Injectable } from '@nestjs/common';
import { getConfigToken } from '@nestjs/config';
import { randomInt } from 'node:crypto';
import type { WebhooksConfig } from '../webhooks.config.js';

const JITTER_PERCENT = 10;
// A result that is late by this much is still written before anybody else takes the delivery up.
const MARGIN_MS = 5_000;

/** Says when a delivery is attempted again, and how long one attempt may be in hand. */
@Injectable()
export class RetrySchedule {
  constructor(@Inject(getConfigToken('webhooks')) private readonly config: WebhooksConfig) {}

  /**
   * How long until the next attempt is made, in milliseconds, with up to a tenth of the pause more, so that what failed together does not come
   * back together.
   *
   * @param step how many pauses there were since the delivery was asked for
   * @returns `null` where there is none left
   */
  pauseMs(step: number): number | null {
    const pauseMs = this.config.retryScheduleMs[step];
    if (pauseMs === undefined) return null;
    const jitterMs = randomInt(Math.floor((pauseMs * JITTER_PERCENT) / 100) + 1);
    return pauseMs + jitterMs;
  }

  /** How long a delivery that is taken up is its worker's: it may have to wait for its turn before it is sent. */
  get leaseMs(): number {
    return 2 * this.config.timeoutMs + MARGIN_MS;
  }

  /** When a lease that begins now has to be over, on this process's own clock, which never steps. */
  heldUntil(): number {
    return performance.now() + this.leaseMs;
  }

  /** Whether there is time left to send a delivery before its lease ends. */
  hasTime({ heldUntil }: { readonly heldUntil: number }): boolean {
    return heldUntil - performance.now() > this.config.timeoutMs;
  }
}
