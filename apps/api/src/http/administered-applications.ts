import { Injectable } from '@nestjs/common';
import { Database, Problem } from '@countersign/core';
import {
  type Application,
  Applications,
  ApplicationStore,
  DEFAULT_APPLICATION,
} from '@countersign/directory';
import type { PageRequest } from './pagination.js';
import type { Caller } from './request.js';

/** The applications that an administrator manages: all of them from the default one, else only their own. */
@Injectable()
export class AdministeredApplications {
  constructor(
    private readonly store: ApplicationStore,
    private readonly applications: Applications,
    private readonly database: Database,
  ) {}

  /** Whether they manage all of them. */
  async all({ account }: Caller): Promise<boolean> {
    return (await this.applications.byId(account.applicationId))?.slug === DEFAULT_APPLICATION;
  }

  /** Those that they manage, oldest first. */
  async list(caller: Caller, page: PageRequest): Promise<Application[]> {
    const only = (await this.all(caller)) ? undefined : caller.account.applicationId;
    return this.store.list(this.database.direct, { only, ...page });
  }

  /** @throws Problem `not_found` for one that they do not manage, as if it were not there */
  async find(caller: Caller, id: string): Promise<Application> {
    const mayReach = id === caller.account.applicationId || (await this.all(caller));
    const application = mayReach ? await this.store.findById(this.database.direct, id) : undefined;
    if (application === undefined) throw new Problem('not_found');
    return application;
  }
}
