import { randomBytes } from 'node:crypto';
import { hash, parseOptions, verify } from '@node-rs/argon2';
import { HashingPool } from './hashing-pool.js';
import { normalisePassword } from './normalise-password.js';

/** How passwords are hashed (RFC 9106, OWASP Password Storage Cheat Sheet). */
export interface HashingOptions {
  /** Memory of one hash in KiB; 19456 is the floor. */
  readonly memoryKib: number;
  /** Passes; 2 is the floor. */
  readonly timeCost: number;
  /** Lanes of one hash. */
  readonly parallelism: number;
  /** Hashes computed at once. */
  readonly concurrency: number;
  /** Hashes that may wait; 128 where absent. */
  readonly queue?: number;
}

const DEFAULT_QUEUE = 128;

/** What the library's `Algorithm.Argon2id` stands for: an ambient enum, which an isolated module cannot name. */
const ARGON2ID = 2;
const PHC_START = '$argon2id$v=19$';

const SALT_BYTES = 16;
const HASH_BYTES = 32;

/**
 * Hashes and verifies passwords with Argon2id (RFC 9106) in a bounded pool. Every password is normalised here, so
 * callers hand over what was typed. Methods reject with `HashingBusy` when the queue is full.
 */
export class PasswordHasher {
  readonly #pool: HashingPool;
  readonly #nothing: string;

  constructor(private readonly options: HashingOptions) {
    this.#pool = new HashingPool(options.concurrency, options.queue ?? DEFAULT_QUEUE);
    this.#nothing = hashOfNothing(options);
  }

  /** Hashes a new password under a fresh salt. Returns a PHC string: `$argon2id$v=19$m=…,t=…,p=…$salt$hash`. */
  hash(password: string): Promise<string> {
    const { memoryKib, timeCost, parallelism } = this.options;
    return this.#pool.run(() =>
      hash(normalisePassword(password), {
        algorithm: ARGON2ID,
        memoryCost: memoryKib,
        timeCost,
        parallelism,
        outputLen: HASH_BYTES,
      }),
    );
  }

  /**
   * Tells whether a password is the one that was hashed.
   * @param stored what `hash` returned, with whatever parameters it was made
   * @throws Error when `stored` is no PHC string: the row is broken, not the password
   */
  verify(stored: string, password: string): Promise<boolean> {
    return this.#pool.run(() => verify(stored, normalisePassword(password)));
  }

  /**
   * Does for an account that is not there, or has no password, the work that `verify` does for one that is: the same
   * queue, the same memory and passes. Without it the time of the answer tells which accounts exist.
   */
  async verifyAgainstNothing(password: string): Promise<false> {
    await this.verify(this.#nothing, password);
    return false;
  }

  /**
   * Tells whether a stored hash is weaker than what is configured, so that a login that just proved the password
   * hashes it again.
   * @throws Error when `stored` is no PHC string
   */
  needsRehash(stored: string): boolean {
    const { memoryCost, timeCost, parallelism, outputLen } = parseOptions(stored);
    return (
      !stored.startsWith(PHC_START) ||
      memoryCost < this.options.memoryKib ||
      timeCost < this.options.timeCost ||
      parallelism < this.options.parallelism ||
      outputLen < HASH_BYTES
    );
  }
}

/**
 * A hash with the configured parameters that no password has: its salt and its result are random, so that it costs
 * nothing to make at start and the first unknown account is not slower than the second.
 */
function hashOfNothing({ memoryKib, timeCost, parallelism }: HashingOptions): string {
  const parameters = `m=${memoryKib},t=${timeCost},p=${parallelism}`;
  return `${PHC_START}${parameters}$${unpadded(SALT_BYTES)}$${unpadded(HASH_BYTES)}`;
}

function unpadded(length: number): string {
  return randomBytes(length).toString('base64').replaceAll('=', '');
}
