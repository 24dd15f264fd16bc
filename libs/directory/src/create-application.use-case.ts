import { Injectable } from '@nestjs/common';
import { Clock, Database, EventLog, newId, type Origin } from '@countersign/core';
import {
  type Application,
  applicationOf,
  ApplicationStore,
  type NewApplication,
} from './application.store.js';
import { Applications } from './applications.js';

/** The new tenant, and who makes it. */
export interface CreateApplicationInput extends Omit<NewApplication, 'id'> {
  readonly origin: Origin;
}

/** Makes an application. */
@Injectable()
export class CreateApplication {
  constructor(
    private readonly store: ApplicationStore,
    private readonly applications: Applications,
    private readonly events: EventLog,
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  /** @returns `undefined` where the slug is taken */
  async run({ origin, ...asked }: CreateApplicationInput): Promise<Application | undefined> {
    const createdAt = this.clock.now();
    const application = { ...asked, id: newId(createdAt) };
    const made = await this.database.transaction(async (tx) => {
      if (!(await this.store.insert(tx, application))) return false;
      const data = { fields: Object.keys(asked), created: true };
      await this.events.append(tx, {
        type: 'application.updated',
        applicationId: application.id,
        userId: null,
        origin,
        data,
      });
      return true;
    });
    // That there was none may be remembered.
    this.applications.forget(application);
    return made ? applicationOf({ ...application, createdAt }) : undefined;
  }
}
