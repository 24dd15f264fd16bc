import type { DeliveryTask } from './delivery.js';

/** Attempts of one webhook at once: at first, for one that is quick, and for one that hangs. */
const FIRST_ACTIVE = 4;
const MOST_ACTIVE = 16;
const LEAST_ACTIVE = 2;
/** An attempt that took this long hangs. Longer than a body may go on after a status that came at once. */
const HANGING_MS = 2_000;
/** Deliveries that wait for a webhook that does not keep up, or is not known to; more are put off. */
const FEW_WAITING = 100;
/** Deliveries that wait for a webhook that keeps up; from here on the relay waits for it. */
const MANY_WAITING = 400;
/** A webhook keeps up whose attempts take less than this, and the last success of which is no longer ago. */
const KEEPING_UP_MS = 500;
/** How much the last attempt counts against those before. */
const WEIGHT = 0.2;

/**
 * The deliveries of one webhook that this process has in hand. How many are attempted at once follows the receiver: more
 * and more while it is quick, few when it hangs, so that twenty dead ones leave room for a living one.
 */
export class Lane {
  readonly #waiting: DeliveryTask[] = [];
  #active = 0;
  #atOnce = FIRST_ACTIVE;
  #meanMs = 0;
  /** On the process's own clock. */
  #succeededAt = -Infinity;

  /** Whether nothing is in hand: then nothing need be known of it any more, but that it fails. */
  get idle(): boolean {
    return this.#active === 0 && this.#waiting.length === 0;
  }

  /** Whether a delivery can be attempted now. */
  get runnable(): boolean {
    return this.#waiting.length > 0 && this.#active < this.#atOnce;
  }

  /** Whether the webhook keeps up, but not with this much: others will not have to wait long for it. */
  get congested(): boolean {
    return this.#waiting.length >= MANY_WAITING && this.#keepsUp;
  }

  /** Whether so many more can be taken in hand: for one that does not keep up, few. */
  hasRoom(more: number): boolean {
    return this.#keepsUp || this.#waiting.length + more < FEW_WAITING;
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

  /** Lets go of what waits. @returns what that was */
  drop(): DeliveryTask[] {
    return this.#waiting.splice(0);
  }

  /** Notes how an attempt ended, and how long it took; `undefined` where none was made. */
  done(attempt: { readonly succeeded: boolean; readonly ms: number } | undefined): void {
    this.#active -= 1;
    if (attempt === undefined) return;
    if (attempt.succeeded) this.#succeededAt = performance.now();
    this.#meanMs += (attempt.ms - this.#meanMs) * WEIGHT;
    this.#atOnce =
      attempt.ms < HANGING_MS
        ? Math.min(MOST_ACTIVE, this.#atOnce + 1)
        : Math.max(LEAST_ACTIVE, Math.floor(this.#atOnce / 2));
  }

  get #keepsUp(): boolean {
    return performance.now() - this.#succeededAt < KEEPING_UP_MS && this.#meanMs < KEEPING_UP_MS;
  }
}
