import { Inject, Injectable } from '@nestjs/common';
import { getConfigToken } from '@nestjs/config';
import { Clock } from '@countersign/core';
import { randomInt } from 'node:crypto';
import type { WebhooksConfig } from '../webhooks.config.js';

const JITTER_PERCENT = 10;
// A result that is late by this much is still written before anybody else takes the delivery up.
const MARGIN_MS = 5_000;

/** Says when a delivery is attempted again, and how long one attempt may be in hand. */
@Injectable()
export class RetrySchedule {
  constructor(
    private readonly clock: Clock,
    @Inject(getConfigToken('webhooks')) private readonly config: WebhooksConfig,
  ) {}

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

  /** Until when a delivery that is taken up now is its worker's: it may have to wait for its turn before it is sent. */
  lease(): Date {
    return new Date(this.clock.now().getTime() + 2 * this.config.timeoutMs + MARGIN_MS);
  }

  /** Whether there is time left to send a delivery before its lease ends. */
  hasTime(leasedUntil: Date): boolean {
    return leasedUntil.getTime() - this.clock.now().getTime() > this.config.timeoutMs;
  }
}
