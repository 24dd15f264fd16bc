/** Raised when a password cannot be hashed now because too many wait already; the answer is 503 (OWASP ASVS 5.0). */
export class HashingBusy extends Error {
  override readonly name = 'HashingBusy';

  constructor() {
    super('too many passwords wait to be hashed');
  }
}

/**
 * Runs costly jobs, a few at once, and lets a few more wait in the order they came. A job that ends hands its place
 * to the one that waits longest, so that a newcomer never overtakes.
 */
export class HashingPool {
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  /**
   * @param concurrency jobs that run at once, at least 1
   * @param queue jobs that may wait, at least 0
   * @throws RangeError for other numbers
   */
  constructor(
    private readonly concurrency: number,
    private readonly queue: number,
  ) {
    if (!Number.isInteger(concurrency) || concurrency < 1) throw new RangeError('concurrency is at least 1');
    if (!Number.isInteger(queue) || queue < 0) throw new RangeError('queue is at least 0');
  }

  /**
   * Runs a job when its turn comes.
   * @returns what the job returns, or rejects as it does
   * @throws HashingBusy at once when the queue is full; the job is not run then
   */
  async run<T>(job: () => Promise<T>): Promise<T> {
    if (this.#running < this.concurrency) {
      this.#running += 1;
    } else {
      if (this.#waiting.length >= this.queue) throw new HashingBusy();
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    try {
      return await job();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#running -= 1;
      else next();
    }
  }
}
