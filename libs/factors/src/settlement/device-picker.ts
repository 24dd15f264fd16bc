import { Injectable } from '@nestjs/common';
import { Database } from '@countersign/core';
import type { Challenge, OfferedFactor } from '../challenges/challenge.js';
import { FactorIdentities } from '../identities/factor-identities.js';
import { type LoadedFactor, SettlementStore } from './settlement.store.js';

/** The factor that an answer is for, read already where it had to be. */
export interface Picked {
  readonly factor: OfferedFactor;
  readonly loaded?: LoadedFactor;
}

/** Picks, among a user's factors of one type, the one whose device made an answer. */
@Injectable()
export class DevicePicker {
  constructor(
    private readonly settlement: SettlementStore,
    private readonly identities: FactorIdentities,
    private readonly database: Database,
  ) {}

  /**
   * @param named the factor that was named, or chosen where none was
   * @param answeredBy what the answer says of the device that made it
   * @returns the factor of that device, where the challenge offers it; else the one that was named
   */
  async pick(challenge: Challenge, named: OfferedFactor, answeredBy: string | undefined): Promise<Picked> {
    const alike = challenge.factors.filter(({ type }) => type === named.type);
    if (answeredBy === undefined || alike.length < 2) return { factor: named };
    const loaded = await this.settlement.loadSeveral(
      this.database.direct,
      challenge.userId,
      alike.map(({ id }) => id),
      challenge.id,
    );
    const made = await this.#madeBy(answeredBy, loaded);
    const of = made ?? loaded.find(({ id }) => id === named.id);
    const factor = alike.find(({ id }) => id === of?.id) ?? named;
    return of === undefined ? { factor } : { factor, loaded: of };
  }

  async #madeBy(answeredBy: string, loaded: readonly LoadedFactor[]): Promise<LoadedFactor | undefined> {
    for (const factor of loaded) {
      if (await this.identities.isOf(answeredBy, factor.type, factor.secret)) return factor;
    }
    return undefined;
  }
}
