import { Injectable } from '@nestjs/common';
import { Database, EventLog, type Origin } from '@countersign/core';
import { changedPolicy } from './application-policy.js';
import {
  type Application,
  type ApplicationChanges,
  applicationOf,
  ApplicationStore,
} from './application.store.js';
import { Applications } from './applications.js';

/** What is to change of an application; absent fields, and absent parts of its policy, stay. */
export interface ChangeApplicationInput {
  /** UUID. */
  readonly id: string;
  readonly changes: ApplicationChanges;
  readonly origin: Origin;
}

/** Changes an application: in force in this process at once, in every other within five seconds. */
@Injectable()
export class ChangeApplication {
  constructor(
    private readonly store: ApplicationStore,
    private readonly applications: Applications,
    private readonly events: EventLog,
    private readonly database: Database,
  ) {}

  /** @returns `undefined` where there is no such application */
  async run({ id, changes, origin }: ChangeApplicationInput): Promise<Application | undefined> {
    const changed = await this.database.transaction(async (tx) => {
      const before = await this.store.lock(tx, id);
      const fields = [
        ...Object.keys(changes).filter((field) => field !== 'policy'),
        ...Object.keys(changes.policy ?? {}).map((field) => `policy.${field}`),
      ];
      if (before === undefined || fields.length === 0) return before;
      const policy = changedPolicy(before.policy, changes.policy ?? {});
      await this.store.change(tx, id, { ...changes, policy });
      await this.events.append(tx, {
        type: 'application.updated',
        applicationId: id,
        userId: null,
        origin,
        data: { fields },
      });
      return { ...before, ...changes, policy };
    });
    if (changed === undefined) return undefined;
    this.applications.forget(changed);
    return applicationOf(changed);
  }
}
