import { Injectable } from '@nestjs/common';
import { Database, publicId } from '@countersign/core';
import { wants } from '../webhook.js';
import { DeliveryStore } from './delivery.store.js';
import { ReplayStore } from './replay.store.js';

const BATCH = 200;
/** More of a replay is asked for once fewer than so many of its last batch wait for their first attempt. */
const MAX_WAITING = 100;

/** Sees to it that webhooks are told again what they have asked for: a batch at a time, position and deliveries together. */
@Injectable()
export class Replayer {
  constructor(
    private readonly replays: ReplayStore,
    private readonly deliveries: DeliveryStore,
    private readonly database: Database,
  ) {}

  /**
   * Does one batch for each application whose receivers keep up, its webhooks in turn.
   * @returns how many batches that were
   */
  async round(stopping: () => boolean): Promise<number> {
    const served: string[] = [];
    while (!stopping()) {
      const applicationId = await this.#step(served);
      if (applicationId === undefined) break;
      served.push(applicationId);
    }
    return served.length;
  }

  // Whose batch it was; `undefined` where none waits.
  async #step(served: readonly string[]): Promise<string | undefined> {
    return this.database.transaction(async (tx) => {
      const replay = await this.replays.claim(tx, { except: served, maxWaiting: MAX_WAITING });
      if (replay === undefined) return undefined;
      const events = await this.replays.next(tx, replay, BATCH);
      const receiver = { events: replay.events, publicId: publicId('whk', replay.webhookId) };
      const wanted = events.filter((event) => wants(receiver, event));
      if (wanted.length > 0) await this.deliveries.replay(tx, replay.webhookId, wanted);
      const last = events.at(-1);
      if (last === undefined || events.length < BATCH) await this.replays.delete(tx, replay.id);
      else await this.replays.advance(tx, replay.id, last, wanted);
      return replay.applicationId;
    });
  }
}
