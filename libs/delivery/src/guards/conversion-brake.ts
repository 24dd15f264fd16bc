import { Inject, Injectable } from '@nestjs/common';
import { getConfigToken } from '@nestjs/config';
import { Clock, Database } from '@countersign/core';
import type { DeliveryConfig } from '../delivery.config.js';
import { MessageStore } from '../messages/message.store.js';

const HOUR_MS = 60 * 60_000;
/** A code that went out just now may still be typed. */
const STILL_TYPING_MS = 2 * 60_000;
/** Fewer tell nothing. */
const FEWEST = 20;
const SHORTEST_PAUSE_MS = 60_000;

/**
 * Pauses sending to a country where too few of the last hour's codes were used: people who pump SMS have no use for
 * the codes. The records in PostgreSQL decide, so that nothing is forgotten with the ephemeral store.
 */
@Injectable()
export class ConversionBrake {
  constructor(
    private readonly messages: MessageStore,
    private readonly database: Database,
    private readonly clock: Clock,
    @Inject(getConfigToken('delivery')) private readonly config: DeliveryConfig,
  ) {}

  /** @returns milliseconds until it is worth asking again; `undefined` where sending may go on */
  async pause(applicationId: string, country: string): Promise<number | undefined> {
    if (this.config.smsMinConversion === 0) return undefined;
    const now = this.clock.now().getTime();
    const { sent, used, oldest } = await this.messages.conversion(this.database.direct, {
      applicationId,
      country,
      from: new Date(now - HOUR_MS),
      to: new Date(now - STILL_TYPING_MS),
    });
    if (sent < FEWEST || used * 100 >= sent * this.config.smsMinConversion) return undefined;
    const leaves = oldest === null ? SHORTEST_PAUSE_MS : oldest.getTime() + HOUR_MS - now;
    return Math.max(SHORTEST_PAUSE_MS, leaves);
  }
}
