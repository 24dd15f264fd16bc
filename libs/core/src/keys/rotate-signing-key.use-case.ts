import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import { SigningKeyStore, type UpcomingKey } from './signing-key.store.js';
import { takeTurns } from './turns.js';

/** Whoever verifies our tokens offline may remember our keys for five minutes; every instance looks more often. */
const PUBLISHED_BEFORE_MS = 10 * 60_000;

/** How a rotation ended. */
export type RotateSigningKeyResult =
  /** A new key is published, and will sign. */
  | ({ readonly outcome: 'made' } & UpcomingKey)
  /** One that was made before does not sign yet: that rotation goes on. */
  | ({ readonly outcome: 'under-way' } & UpcomingKey)
  /** A new key signs, and the others are gone. */
  | ({ readonly outcome: 'replaced' } & UpcomingKey);

/** Gives the deployment a new signing key. One transaction: whoever is interrupted has changed nothing. */
@Injectable()
export class RotateSigningKey {
  constructor(
    private readonly store: SigningKeyStore,
    private readonly database: Database,
  ) {}

  /**
   * @param compromised whether somebody else may have the keys: then what they signed is refused everywhere within
   * seconds, and users go on with their refresh tokens; else nobody notices
   */
  async run(compromised: boolean): Promise<RotateSigningKeyResult> {
    return this.database.transaction(async (tx): Promise<RotateSigningKeyResult> => {
      await takeTurns(tx);
      if (compromised) {
        const key = await this.store.make(tx, 0);
        await this.store.deleteOthers(tx, key.id);
        return { outcome: 'replaced', ...key };
      }
      const upcoming = await this.store.upcoming(tx);
      if (upcoming !== undefined) return { outcome: 'under-way', ...upcoming };
      const key = await this.store.make(tx, PUBLISHED_BEFORE_MS);
      await this.store.retireOthers(tx, key.id);
      return { outcome: 'made', ...key };
    });
  }
}
