import { Injectable } from '@nestjs/common';
import { Database, publicId } from '@countersign/core';
import { factorProviderOptions, type Sibling } from '@countersign/factor-kit';
import { type SiblingFactor, SiblingStore } from './sibling.store.js';
import { parsedSecret } from './provider-results.js';
import type { FactorClass } from './registry/factor-class.js';

/** The factor whose siblings are asked for. UUIDs. */
export interface SiblingsWanted {
  readonly userId: string;
  readonly factorId: string;
  /** At a challenge: the factors that it offers. */
  readonly offered?: readonly string[];
}

/** Finds a user's other factors of a type, for providers that ask for them. */
@Injectable()
export class Siblings {
  constructor(
    private readonly store: SiblingStore,
    private readonly database: Database,
  ) {}

  /** Costs nothing where the provider does not ask for them. */
  async of(
    provider: FactorClass,
    { userId, factorId, offered }: SiblingsWanted,
  ): Promise<readonly Sibling[]> {
    const options = factorProviderOptions(provider.constructor);
    if (options?.siblings === undefined) return [];
    const siblings = await this.store.siblings(this.database.direct, {
      userId,
      type: options.type,
      factorId,
      withSecrets: options.siblings === 'secrets',
    });
    const wanted = siblings.filter(
      ({ id, locked }) => offered === undefined || (offered.includes(id) && !locked),
    );
    return Promise.all(wanted.map((sibling) => this.#view(provider, sibling)));
  }

  // A secret that the schema does not take any more is left out: it is of no use to the provider either.
  async #view(provider: FactorClass, { id, label, hint, ...more }: SiblingFactor): Promise<Sibling> {
    const view = { factor: publicId('fac', id), label, hint };
    const parsed = 'secret' in more ? await parsedSecret(provider, more.secret) : undefined;
    return parsed === undefined ? view : { ...view, secret: parsed.value };
  }
}
