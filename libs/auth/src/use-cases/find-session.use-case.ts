import { Injectable } from '@nestjs/common';
import { Database, digestsEqual } from '@countersign/core';
import { RefreshStore } from '../sessions/refresh.store.js';
import type { SessionOfAccount } from '../sessions/session.js';
import { RefreshTokens } from '../tokens/refresh-tokens.js';

/** A refresh token, and the application that it must be of (UUID). */
export interface FindSessionInput {
  readonly refreshToken: string;
  readonly applicationId: string;
}

/** Finds the live session of a refresh token without using it up. */
@Injectable()
export class FindSession {
  constructor(
    private readonly refresh: RefreshStore,
    private readonly tokens: RefreshTokens,
    private readonly database: Database,
  ) {}

  /** @returns `undefined` for a token that is not in force, or was not just before */
  async run({ refreshToken, applicationId }: FindSessionInput): Promise<SessionOfAccount | undefined> {
    const presented = this.tokens.parse(refreshToken);
    if (presented === undefined) return undefined;
    const state = await this.refresh.look(this.database.direct, presented.sessionId);
    if (state === undefined || state.applicationId !== applicationId) return undefined;
    const { refreshDigest, previousDigest, justRotated, current } = state;
    const inForce = digestsEqual(refreshDigest, presented.digest);
    const justBefore =
      justRotated && previousDigest !== null && digestsEqual(previousDigest, presented.digest);
    return inForce || justBefore ? current : undefined;
  }
}
