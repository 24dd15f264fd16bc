import { Injectable, type OnModuleInit } from '@nestjs/common';
import { type EventDraft, EventLog, type Tx } from '@countersign/core';
import { AddressStore } from '@countersign/directory';
import { FactorRemover } from './enrolment/factor-remover.js';
import { FactorStore } from './factor.store.js';

/** Removes the factors of accounts whose address turned out to be somebody else's. */
@Injectable()
export class ClaimedAccounts implements OnModuleInit {
  constructor(
    private readonly factors: FactorStore,
    private readonly remover: FactorRemover,
    private readonly addresses: AddressStore,
    private readonly events: EventLog,
  ) {}

  onModuleInit(): void {
    this.events.subscribe(['user.updated'], async (tx, event) => {
      if (event.data['claimed'] === true && event.userId !== null) {
        await this.#removeAll(tx, event, event.userId);
      }
    });
    this.events.subscribe(['two_factor.enabled'], async (tx, { userId }) => {
      if (userId !== null) await this.addresses.noteSecondFactorRemoved(tx, userId, false);
    });
  }

  // Who enrolled them may not be who reads the mail.
  async #removeAll(tx: Tx, { applicationId, origin }: EventDraft, userId: string): Promise<void> {
    const factors = await this.factors.every(tx, userId);
    await this.remover.remove(tx, { applicationId, userId, origin }, factors);
    const active = factors.some(({ status }) => status === 'active');
    // The answers to come say that it is gone, until there is another one.
    if (active) await this.addresses.noteSecondFactorRemoved(tx, userId, true);
  }
}
