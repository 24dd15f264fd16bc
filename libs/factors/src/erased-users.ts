import { Injectable, type OnModuleInit } from '@nestjs/common';
import { EventLog } from '@countersign/core';
import { FactorStore } from './factor.store.js';

/**
 * Removes an erased user's factors before the user. The foreign key would do it, but in the other order: an answer
 * that is being settled holds the factor and then refers to the user, and the two would wait for each other.
 */
@Injectable()
export class ErasedUsers implements OnModuleInit {
  constructor(
    private readonly factors: FactorStore,
    private readonly events: EventLog,
  ) {}

  onModuleInit(): void {
    this.events.subscribe(['user.deleted'], async (tx, { userId }) => {
      if (userId !== null) await this.factors.deleteAll(tx, userId);
    });
  }
}
