/** Where time comes from. Everything that asks for the time asks this port, so that tests can move it. */
export abstract class Clock {
  /** The present moment. */
  abstract now(): Date;
}

/** The machine's clock. */
export class SystemClock extends Clock {
  override now(): Date {
    return new Date();
  }
}
