import { Clock } from './clock.js';

/** A clock that stands still until a test moves it. */
export class TestClock extends Clock {
  private at: number;

  /** @param start where the clock stands first */
  constructor(start: Date = new Date('2026-01-01T00:00:00.000Z')) {
    super();
    this.at = start.getTime();
  }

  /** A new `Date` on each call, so that no caller can move the clock of another. */
  override now(): Date {
    return new Date(this.at);
  }

  /** Moves the clock on by `ms` milliseconds; a negative number steps back. */
  advance(ms: number): void {
    this.at += ms;
  }

  /** Puts the clock to a moment, also an earlier one. */
  set(date: Date): void {
    this.at = date.getTime();
  }
}
