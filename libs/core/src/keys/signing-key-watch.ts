import { type BeforeApplicationShutdown, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { Database } from '../database/database.js';
import { Rounds } from '../jobs/rounds.js';
import { SigningKeyStore } from './signing-key.store.js';
import { SigningKeys } from './signing-keys.js';

/** Looks for changed signing keys every two seconds, so that no request has to. */
@Injectable()
export class SigningKeyWatch implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly #rounds = new Rounds('SigningKeys', {
    failure: 'signing keys could not be looked at',
    everyMs: 2_000,
    run: () => this.look(),
  });

  constructor(
    private readonly keys: SigningKeys,
    private readonly store: SigningKeyStore,
    private readonly database: Database,
  ) {}

  onApplicationBootstrap(): void {
    this.#rounds.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.#rounds.stop();
  }

  /** Looks once, now. */
  async look(): Promise<false> {
    const known = await this.store.look(this.database.direct);
    if (known !== undefined) this.keys.replace(known);
    return false;
  }
}
