import { Injectable } from '@nestjs/common';
import type { Tx } from '@countersign/core';
import { canonicalEmail } from '@countersign/directory';
import { FactorStore, type FactorView } from './factor.store.js';
import { ProviderCalls } from './provider-calls.js';
import { FactorRegistry } from './registry/factor-registry.js';

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
    const own = new Set(secrets.filter((factor) => this.#addressOf(factor) === account).map(({ id }) => id));
    return mailed.filter(({ id }) => own.has(id));
  }

  #mails(type: string): boolean {
    const provider = this.registry.find(type)?.provider;
    return provider?.kind === 'delivered' && provider.channel === 'email';
  }

  #addressOf({ type, secret }: { readonly type: string; readonly secret: unknown }): string | undefined {
    const provider = this.registry.find(type)?.provider;
    if (provider?.kind !== 'delivered') return undefined;
    const recipient = this.calls.recipient(provider, secret);
    return recipient && canonicalEmail(recipient.to);
  }
}
