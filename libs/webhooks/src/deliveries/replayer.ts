import { Injectable } from '@nestjs/common';
import { Database, publicId } from '@countersign/core';
import { wants } from '../webhook.js';
import { DeliveryStore } from './delivery.store.js';
import { ReplayStore } from './replay.store.js';

const BATCH = 200;

/** Sees to it that webhooks are told again what they have asked for: a batch at a time, position and deliveries together. */
@Injectable()
export class Replayer {
  constructor(
    private readonly replays: ReplayStore,
    private readonly deliveries: DeliveryStore,
    private readonly database: Database,
  ) {}

  /** Does one batch. @returns whether there may be more */
  async step(): Promise<boolean> {
    return this.database.transaction(async (tx) => {
      const replay = await this.replays.claim(tx);
      if (replay === undefined) return false;
      const events = await this.replays.next(tx, replay, BATCH);
      const receiver = { events: replay.events, publicId: publicId('whk', replay.webhookId) };
      const wanted = events.filter((event) => wants(receiver, event));
      if (wanted.length > 0) await this.deliveries.replay(tx, replay.webhookId, wanted);
      const last = events.at(-1);
      if (last === undefined || events.length < BATCH) await this.replays.delete(tx, replay.id);
      else await this.replays.advance(tx, replay.id, last);
      return true;
    });
  }
}
