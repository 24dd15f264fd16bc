import { Injectable } from '@nestjs/common';
import { Database } from '@countersign/core';
import type { Challenge } from '../challenges/challenge.js';
import { FactorStore } from '../factor.store.js';
import { FactorRegistry } from '../registry/factor-registry.js';
import { OpenerForServers, type ServerRequest } from '../server/opener-for-servers.js';

/** What a server wants to have proven, and by whom. */
export interface OpenChallengeInput extends ServerRequest {
  /** The one factor (UUID) that is to be asked for, where the server has chosen. */
  readonly factorId: string | undefined;
}

/** How it ended. */
export type OpenChallengeResult =
  | { readonly outcome: 'opened'; readonly challenge: Challenge }
  /** A trusted device stood in. */
  | { readonly outcome: 'approved'; readonly challenge: Challenge; readonly assertion: string }
  | { readonly outcome: 'not-enrolled' }
  | { readonly outcome: 'no-such-factor' }
  /** Every factor that could be asked for is. */
  | { readonly outcome: 'locked' };

/** Opens a challenge for a server. */
@Injectable()
export class OpenChallenge {
  constructor(
    private readonly factors: FactorStore,
    private readonly registry: FactorRegistry,
    private readonly opener: OpenerForServers,
    private readonly database: Database,
  ) {}

  /** @throws EphemeralStoreUnavailable where nothing can be kept */
  async run(input: OpenChallengeInput): Promise<OpenChallengeResult> {
    const active = await this.factors.active(this.database.direct, input.user.id);
    if (active.every(({ type }) => this.registry.isRecovery(type))) return { outcome: 'not-enrolled' };
    const factors = active.filter(({ id }) => input.factorId === undefined || id === input.factorId);
    if (factors.length === 0) return { outcome: 'no-such-factor' };
    // A server that names a factor wants that one: a device stands in for a login, not for a factor.
    const approved = input.factorId === undefined ? await this.opener.byDevice(input, factors) : undefined;
    if (approved !== undefined) return { outcome: 'approved', ...approved };
    const usable = factors.filter(({ type }) => this.registry.isUsable(type));
    if (usable.every(({ lockedAt }) => lockedAt !== null)) return { outcome: 'locked' };
    return { outcome: 'opened', challenge: await this.opener.open(input, usable) };
  }
}
