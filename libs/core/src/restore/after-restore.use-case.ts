import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import { NO_LIMITS } from '../database/time-limits.js';
import { DatabaseOriginStore } from './database-origin.store.js';
import { type Pending, RestoreSteps } from './restore-steps.js';
import { RestoreWatch } from './restore-watch.js';

/** How a restored database is taken into use. */
export interface AfterRestoreInput {
  readonly pending: Pending;
  /** The database was moved as it was, and nothing is older than it was: nothing ends. */
  readonly moved: boolean;
  /** Only tells what there is to do. */
  readonly dryRun: boolean;
  /** Is told each part, with how much of it there was. */
  readonly tell: (what: string, count: number) => void;
}

const UNSENT = 'events that webhooks and notices had not been handed yet';

/**
 * Ends what a restore has revived, decides what becomes of what the backup had not sent, and lets webhooks and notices go
 * on. Where it is interrupted it is run again: everything stays held until all is done.
 */
@Injectable()
export class AfterRestore {
  constructor(
    private readonly watch: RestoreWatch,
    private readonly store: DatabaseOriginStore,
    private readonly steps: RestoreSteps,
    private readonly database: Database,
  ) {}

  async run({ pending, moved, dryRun, tell }: AfterRestoreInput): Promise<void> {
    if (!dryRun) await this.watch.hold();
    const steps = this.steps.of(pending).filter(({ onlyToDrop }) => !moved || onlyToDrop === true);
    for (const step of steps) {
      if (dryRun) {
        tell(step.what, await step.count(this.database.direct));
        continue;
      }
      let count = 0;
      let after: string | undefined;
      do {
        const from = after;
        const progress = await this.database.transaction((tx) => step.run(tx, from), NO_LIMITS);
        count += progress.done;
        after = progress.after;
      } while (after !== undefined);
      tell(step.what, count);
    }
    tell(
      `${UNSENT} ${pending === 'drop' ? 'are dropped' : 'are sent'}`,
      await this.store.unsent(this.database.direct),
    );
    if (dryRun) return;
    await this.database.transaction(async (tx) => {
      if (pending === 'drop') await this.store.skip(tx);
      await this.store.release(tx);
    });
  }
}
