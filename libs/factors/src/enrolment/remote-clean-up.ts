import { Injectable } from '@nestjs/common';
import type { Tx } from '@countersign/core';
import type { AnsweredFactor } from '@countersign/factor-kit';
import { FactorStore, type FactorView } from '../factor.store.js';
import { ProviderCalls } from '../provider-calls.js';
import { FactorRegistry } from '../registry/factor-registry.js';
import type { Subject } from '../subject.js';

/** What is left to do in other systems once a removal is committed. Never rejects. */
export type CleanUp = () => Promise<void>;

/** Lets providers clean up in systems of their own after a factor of theirs was removed. */
@Injectable()
export class RemoteCleanUp {
  constructor(
    private readonly factors: FactorStore,
    private readonly registry: FactorRegistry,
    private readonly calls: ProviderCalls,
  ) {}

  /** Reads, before the rows go, what the providers will need. */
  async prepare(tx: Tx, subject: Subject, doomed: readonly FactorView[]): Promise<CleanUp> {
    const concerned = doomed.filter(({ type }) => this.#cleaner(type) !== undefined);
    const removed = await this.factors.secrets(
      tx,
      concerned.map(({ id }) => id),
    );
    return async () => {
      for (const { id, type, secret } of removed) {
        const provider = this.#cleaner(type);
        if (provider === undefined) continue;
        await this.calls.revoke(provider, secret, {
          application: subject.application,
          userId: subject.userId,
          account: subject.account,
          factorId: id,
          nonceOf: id,
        });
      }
    };
  }

  #cleaner(type: string): AnsweredFactor | undefined {
    const provider = this.registry.find(type)?.provider;
    return provider?.kind === 'answered' && provider.revoke !== undefined ? provider : undefined;
  }
}
