import { Injectable } from '@nestjs/common';
import { Problem, type Tx } from '@countersign/core';
import { canonicalEmail } from '@countersign/directory';
import { FactorStore, type FactorView } from './factor.store.js';
import { ProviderCalls } from './provider-calls.js';
import { FactorRegistry } from './registry/factor-registry.js';

interface FactorSecret {
  readonly id: string;
  readonly type: string;
  readonly secret: unknown;
}

/** Finds the factors of a user whose codes go to the account's own address. */
@Injectable()
export class OwnMail {
  constructor(
    private readonly factors: FactorStore,
    private readonly registry: FactorRegistry,
    private readonly calls: ProviderCalls,
  ) {}

  /** @param email the account's address, as stored */
  async of(tx: Tx, userId: string, email: string | null): Promise<FactorView[]> {
    const mailed = (await this.factors.active(tx, userId)).filter(({ type }) => this.#mails(type));
    if (mailed.length === 0 || email === null) return [];
    const secrets = await this.factors.secrets(
      tx,
      mailed.map(({ id }) => id),
    );
    const account = canonicalEmail(email);
    const addresses = new Map<string, string | undefined>();
    for (const factor of secrets) addresses.set(factor.id, await this.#addressOf(factor));
    return mailed.filter(({ id }) => addresses.get(id) === account);
  }

  #mails(type: string): boolean {
    const provider = this.registry.find(type)?.provider;
    return provider?.kind === 'delivered' && provider.channel === 'email';
  }

  async #addressOf({ id, type, secret }: FactorSecret): Promise<string | undefined> {
    const provider = this.registry.find(type)?.provider;
    if (provider?.kind !== 'delivered') return undefined;
    try {
      const recipient = await this.calls.recipient(provider, secret, id);
      return recipient && canonicalEmail(recipient.to);
    } catch (error) {
      // One that cannot be read cannot be answered either.
      if (error instanceof Problem) return undefined;
      throw error;
    }
  }
}
