import { Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import { Database, publicId } from '@countersign/core';
import { FactorStore } from '../factor.store.js';
import { parsedSecret } from '../provider-results.js';
import type { FactorClass } from './factor-class.js';
import { FactorRegistry } from './factor-registry.js';

/** Secrets of each type that are looked at. A changed schema refuses all that were made before it. */
const SAMPLED_PER_TYPE = 20;

/**
 * Holds a sample of the secrets that are kept against the schemas of their providers, once, at the start: a provider
 * whose schema was changed locks its users out, and the operator is told before they are.
 */
@Injectable()
export class StoredSecrets implements OnApplicationBootstrap {
  readonly #logger = new Logger('FactorProvider');
  #misfits: readonly string[] = [];

  constructor(
    private readonly factors: FactorStore,
    private readonly registry: FactorRegistry,
    private readonly database: Database,
  ) {}

  /** Types of which a secret does not fit, by name. */
  get misfits(): readonly string[] {
    return this.#misfits;
  }

  async onApplicationBootstrap(): Promise<void> {
    const types = this.registry.all().map(({ options }) => options.type);
    const sample = await this.factors.sample(this.database.direct, types, SAMPLED_PER_TYPE);
    const misfits = new Set<string>();
    for (const { id, type, open } of sample) {
      const provider = this.registry.find(type)?.provider;
      if (provider === undefined || misfits.has(type) || (await fits(provider, open))) continue;
      misfits.add(type);
      this.#logger.error(
        `Secrets of “${type}” do not fit the schema of ${provider.constructor.name} any more, such as that of ` +
          `${publicId('fac', id)}: these factors cannot be used. Let the schema accept what was made before`,
      );
    }
    this.#misfits = [...misfits].sort();
  }
}

async function fits(provider: FactorClass, open: () => unknown): Promise<boolean> {
  try {
    return (await parsedSecret(provider, open())) !== undefined;
  } catch {
    // One that cannot be opened is of no more use.
    return false;
  }
}
