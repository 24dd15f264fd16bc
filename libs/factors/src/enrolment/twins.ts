import { Injectable } from '@nestjs/common';
import type { NewFactor } from '../factor.store.js';
import { ProviderCalls } from '../provider-calls.js';
import { FactorRegistry } from '../registry/factor-registry.js';

type Secret = Pick<NewFactor, 'type' | 'secret'>;

/** Finds out whether two factors are one and the same: an answer to either is an answer to both. */
@Injectable()
export class Twins {
  constructor(
    private readonly registry: FactorRegistry,
    private readonly calls: ProviderCalls,
  ) {}

  /** @throws Problem `unavailable` where their provider fails */
  are(one: Secret, other: Secret): boolean {
    if (one.type !== other.type) return false;
    return this.calls.isSameSecret(this.registry.find(one.type)?.provider, one.secret, other.secret);
  }
}
