import type { DeliveryTask } from './delivery.js';

/** Attempts of one webhook at once. */
const MOST_ACTIVE = 16;
/** Deliveries that wait for a webhook that is slow or failing; more are put off. */
const FEW_WAITING = 100;
/** Deliveries that wait for a webhook that keeps up; from here on the relay waits for it. */
const MANY_WAITING = 400;
const SLOW_MS = 500;
/** How much the last attempt counts against those before. */
const WEIGHT = 0.2;

/** The deliveries of one webhook that this process has in hand. */
export class Lane {
  readonly #waiting: DeliveryTask[] = [];
  #active = 0;
  #meanMs = 0;
  #failing = false;

  /** Whether nothing is in hand: then nothing need be known of it any more, but that it fails. */
  get idle(): boolean {
    return this.#active === 0 && this.#waiting.length === 0;
  }

  /** Whether a delivery can be attempted now. */
  get runnable(): boolean {
    return this.#waiting.length > 0 && this.#active < MOST_ACTIVE;
  }

  /** Whether the webhook keeps up, but not with this much: others will not have to wait long for it. */
  get congested(): boolean {
    return this.#waiting.length >= MANY_WAITING && this.#healthy;
  }

  /** Whether so many more can be taken in hand: for one that does not keep up, few. */
  hasRoom(more: number): boolean {
    return this.#healthy || this.#waiting.length + more < FEW_WAITING;
  }

  add(task: DeliveryTask): void {
    this.#waiting.push(task);
  }

  /** The next delivery, which counts as active from now on. */
  next(): DeliveryTask | undefined {
    const task = this.#waiting.shift();
    if (task !== undefined) this.#active += 1;
    return task;
  }

  /** Notes how an attempt ended, and how long it took; `undefined` where none was made. */
  done(attempt: { readonly succeeded: boolean; readonly ms: number } | undefined): void {
    this.#active -= 1;
    if (attempt === undefined) return;
    this.#failing = !attempt.succeeded;
    this.#meanMs += (attempt.ms - this.#meanMs) * WEIGHT;
  }

  get #healthy(): boolean {
    return !this.#failing && this.#meanMs < SLOW_MS;
  }
}
