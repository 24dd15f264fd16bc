import { Inject, Injectable } from '@nestjs/common';
import { getConfigToken } from '@nestjs/config';
import { Clock, Database } from '@countersign/core';
import type { DeliveryConfig } from '../delivery.config.js';
import { MessageStore } from '../messages/message.store.js';

const HOUR_MS = 60 * 60_000;
/** A code that went out just now may still be typed. */
const STILL_TYPING_MS = 2 * 60_000;
/** Fewer tell nothing. */
const MIN_JUDGED = 20;
const MIN_PAUSE_MS = 60_000;
/**
 * Unused codes of one network that count against a country, and of one user with an active factor. So one stranger
 * cannot have a country paused for everybody.
 */
const MAX_UNUSED = { enrolment: 5, active: 1 } as const;

/** A code that is to go out. */
export interface Judged {
  /** UUID. */
  readonly applicationId: string;
  /** ISO 3166. */
  readonly country: string;
  readonly enrolment: boolean;
  /** Stands for the network that an enrolment's user asks from. */
  readonly source: string | null;
}

/**
 * Pauses sending to a country where too few of the last hour's codes were used: people who pump SMS have no use for
 * the codes. Enrolments are judged apart from factors that were activated, and a network by its own enrolments as
 * well, so that strangers brake strangers only. The records in PostgreSQL decide, so that nothing is forgotten with
 * the ephemeral store.
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
  async pause(judged: Judged): Promise<number | undefined> {
    if (this.config.smsMinConversion === 0) return undefined;
    const now = this.clock.now().getTime();
    const { sent, used, ownSent, ownUsed, oldest } = await this.messages.conversion(this.database.direct, {
      ...judged,
      from: new Date(now - HOUR_MS),
      to: new Date(now - STILL_TYPING_MS),
      maxUnused: judged.enrolment ? MAX_UNUSED.enrolment : MAX_UNUSED.active,
    });
    if (!this.#tooFew(used, sent) && !this.#tooFew(ownUsed, ownSent)) return undefined;
    const leaves = oldest === null ? MIN_PAUSE_MS : oldest.getTime() + HOUR_MS - now;
    return Math.max(MIN_PAUSE_MS, leaves);
  }

  #tooFew(used: number, sent: number): boolean {
    return sent >= MIN_JUDGED && used * 100 < sent * this.config.smsMinConversion;
  }
}
