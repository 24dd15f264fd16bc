import { Inject, Injectable } from '@nestjs/common';
import { getConfigToken } from '@nestjs/config';
import { Cron, CronExpression } from '@nestjs/schedule';
import { Database, SYSTEM_ORIGIN } from '@countersign/core';
import { EraseUser } from '@countersign/directory';
import type { AuthConfig } from '../auth.config.js';
import { UnverifiedAccountStore } from './unverified-account.store.js';

const MAX_AT_ONCE = 100;

/** Erases accounts that were registered where an address must be verified, and never were (UNVERIFIED_RETENTION). */
@Injectable()
export class UnverifiedAccountsSweeper {
  constructor(
    private readonly accounts: UnverifiedAccountStore,
    private readonly eraseUser: EraseUser,
    private readonly database: Database,
    @Inject(getConfigToken('auth')) private readonly config: AuthConfig,
  ) {}

  /** @returns how many were erased */
  @Cron(CronExpression.EVERY_HOUR)
  async sweep(): Promise<number> {
    const retentionMs = this.config.unverifiedRetentionMs;
    if (retentionMs === 'off') return 0;
    let erased = 0;
    let after: string | undefined;
    for (;;) {
      const page = await this.accounts.unverified(this.database.direct, retentionMs, {
        after,
        limit: MAX_AT_ONCE,
      });
      for (const { id: userId, ...account } of page) {
        const outcome = await this.eraseUser.run({
          userId,
          ...account,
          role: 'user',
          origin: SYSTEM_ORIGIN,
          // Its owner may have verified it meanwhile.
          unless: async (tx) => !(await this.accounts.isUnverified(tx, retentionMs, userId)),
        });
        if (outcome === 'erased') erased += 1;
      }
      after = page.at(-1)?.id;
      if (page.length < MAX_AT_ONCE) return erased;
    }
  }
}
