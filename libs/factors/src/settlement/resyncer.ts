import { Injectable } from '@nestjs/common';
import { Clock, Database, newId, type Origin } from '@countersign/core';
import { ProviderCalls, type Resyncable } from '../provider-calls.js';
import type { FactorView } from '../factor.store.js';
import { FactorRegistry } from '../registry/factor-registry.js';
import type { Subject } from '../subject.js';
import { SettlementStore } from './settlement.store.js';
import { verificationEvents } from './verification-events.js';

/** Two answers in the form that their provider takes, one after the other. */
export interface ResyncRequest {
  readonly subject: Subject;
  readonly factor: FactorView;
  readonly provider: Resyncable;
  readonly answers: readonly [unknown, unknown];
  readonly origin: Origin;
}

/** What came of it. */
export type Resynced =
  | { readonly outcome: 'resynced' }
  | { readonly outcome: 'rejected'; readonly reason: 'mismatch' | 'stale' }
  | { readonly outcome: 'locked' }
  /** Factors, password or status changed meanwhile. */
  | { readonly outcome: 'user-changed' };

/**
 * Has two consecutive answers judged and makes the judgement final, under the same guards as any verification: the step
 * must be later than the last one that was accepted, nothing may have changed meanwhile, failures count.
 */
@Injectable()
export class Resyncer {
  constructor(
    private readonly registry: FactorRegistry,
    private readonly calls: ProviderCalls,
    private readonly settlement: SettlementStore,
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  /** The provider of a type, where it can find a device again. */
  provider(type: string): Resyncable | undefined {
    const provider = this.registry.find(type)?.provider;
    return provider !== undefined && canResync(provider) ? provider : undefined;
  }

  /** Call with the attempt claimed. */
  async run({ subject, factor, provider, answers, origin }: ResyncRequest): Promise<Resynced> {
    const { application, userId, account, securityEpoch } = subject;
    const attempt = {
      id: newId(this.clock),
      applicationId: application.id,
      userId,
      purpose: 'resync' as const,
    };
    const loaded = await this.settlement.load(this.database.direct, userId, factor.id, attempt.id);
    if (loaded === undefined || loaded.userStatus !== 'active' || loaded.securityEpoch !== securityEpoch) {
      return { outcome: 'user-changed' };
    }
    if (loaded.locked) return { outcome: 'locked' };
    const site = { application, userId, account, factorId: factor.id, nonceOf: attempt.id };
    const ruling = await this.calls.resync(provider, loaded.secret, answers, site);
    const events = verificationEvents(attempt, factor, origin);
    if (ruling.accepted) {
      const outcome = await this.settlement.accept(this.database.direct, {
        factorId: factor.id,
        secretVersion: loaded.secretVersion,
        securityEpoch,
        challengeId: attempt.id,
        fresh: ruling.fresh,
        replacement: ruling.replacement,
        events: [events.verified],
      });
      if (outcome === 'settled') return { outcome: 'resynced' };
    }
    const reason = ruling.accepted ? 'stale' : ruling.reason;
    await this.settlement.reject(this.database.direct, {
      factorId: factor.id,
      event: events.failed(reason),
      lockEvent: events.locked,
    });
    return { outcome: 'rejected', reason };
  }
}

function canResync(provider: object): provider is Resyncable {
  return 'resync' in provider && typeof provider.resync === 'function';
}
