import {
  type BeforeApplicationShutdown,
  Inject,
  Injectable,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { getConfigToken } from '@nestjs/config';
import { type CoreConfig, Database, Rounds } from '@countersign/core';
import { FactorIdentities } from './factor-identities.js';
import { IdentityStore, type UnclaimedFactor } from './identity.store.js';

/** After the first round only what an older version has activated meanwhile is left to be claimed. */
const EVERY_MS = 60 * 60_000;

const MAX_BATCH = 200;

/**
 * Claims the identities of factors that were activated before there were any, in worker processes. Of two factors with
 * one identity the older claims it. The other goes on as it is: its user is not locked out.
 */
@Injectable()
export class IdentityClaims implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly #rounds = new Rounds('FactorIdentities', {
    failure: 'devices that were enrolled before could not be told apart',
    everyMs: EVERY_MS,
    run: async (stopping) => {
      await this.step(stopping);
      return false;
    },
  });

  constructor(
    private readonly identities: FactorIdentities,
    private readonly store: IdentityStore,
    private readonly database: Database,
    @Inject(getConfigToken('core')) private readonly config: CoreConfig,
  ) {}

  onApplicationBootstrap(): void {
    if (this.config.role !== 'api') this.#rounds.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.#rounds.stop();
  }

  /** Goes through all that have claimed nothing, once. */
  async step(stopping: () => boolean = () => false): Promise<void> {
    for (const type of this.identities.types()) {
      let after: string | null | undefined = null;
      while (after !== undefined && !stopping()) after = await this.#batch(type, after);
    }
  }

  /** @returns where the next batch begins; `undefined` where there is none */
  async #batch(type: string, after: string | null): Promise<string | undefined> {
    const tx = this.database.direct;
    const factors = await this.store.unclaimed(tx, type, { after, limit: MAX_BATCH });
    for (const factor of factors) {
      const identity = await this.#identityOf(factor);
      if (identity !== undefined) await this.store.claim(tx, factor.id, identity);
    }
    return factors.length < MAX_BATCH ? undefined : factors.at(-1)?.id;
  }

  // One that cannot be opened, or that its provider cannot read, does not stop the others.
  async #identityOf({ open, ...factor }: UnclaimedFactor): Promise<Buffer | undefined> {
    try {
      return await this.identities.digest({ ...factor, secret: open() });
    } catch {
      return undefined;
    }
  }
}
