import { Inject, Injectable, Logger } from '@nestjs/common';
import { getConfigToken } from '@nestjs/config';
import { createHash } from 'node:crypto';
import type { AuthConfig } from '../auth.config.js';

/** How much of a hash the service is told: one of a million ranges, each with hundreds of passwords. */
const PREFIX = 5;
const ANSWERED_WITHIN_MS = 1_000;
/** A padded range is about 40 kB. */
const MOST_BYTES = 1_048_576;

/**
 * Asks a range service whether a password is in a breach, without telling it the password: it gets the first five
 * digits of its SHA-1 and answers with every hash that begins so
 * (https://haveibeenpwned.com/API/v3#SearchingPwnedPasswordsByRange). Where it cannot be asked, nothing is refused.
 */
@Injectable()
export class BreachedPasswords {
  readonly #logger = new Logger('Passwords');

  constructor(@Inject(getConfigToken('auth')) private readonly config: AuthConfig) {}

  /** @param password after NFKC */
  async has(password: string): Promise<boolean> {
    const { breachedPasswordsUrl: base } = this.config;
    if (base === undefined) return false;
    const hash = createHash('sha1').update(password).digest('hex').toUpperCase();
    try {
      const range = await this.#range(`${base}/${hash.slice(0, PREFIX)}`);
      return holds(range, hash.slice(PREFIX));
    } catch (error) {
      // Neither the range nor the answer: they are about a password.
      const why = error instanceof Error ? error.name : typeof error;
      this.#logger.warn(
        `breached passwords could not be looked up (${why}); the password was not held against them`,
      );
      return false;
    }
  }

  async #range(url: string): Promise<string> {
    const answer = await fetch(url, {
      // Padding, so that the length of the answer does not tell which range it was.
      headers: { 'Add-Padding': 'true', 'User-Agent': 'Countersign' },
      redirect: 'error',
      signal: AbortSignal.timeout(ANSWERED_WITHIN_MS),
    });
    if (!answer.ok || answer.body === null) throw new RangeUnavailable();
    const chunks: Uint8Array[] = [];
    let bytes = 0;
    for await (const chunk of answer.body as AsyncIterable<Uint8Array>) {
      bytes += chunk.length;
      if (bytes > MOST_BYTES) throw new RangeUnavailable();
      chunks.push(chunk);
    }
    return Buffer.concat(chunks).toString('latin1');
  }
}

// `SUFFIX:count` a line; padding has the count 0.
function holds(range: string, suffix: string): boolean {
  return range.split(/\r?\n/).some((line) => {
    const [found = '', count = ''] = line.split(':');
    return found.toUpperCase() === suffix && Number.parseInt(count, 10) > 0;
  });
}

class RangeUnavailable extends Error {
  override readonly name = 'RangeUnavailable';
}
