import { Injectable } from '@nestjs/common';
import { Clock, Database, ShortMemory } from '@countersign/core';
import { type Application, ApplicationStore, DEFAULT_APPLICATION } from './application.store.js';

// A changed policy is in force everywhere within this time.
const REMEMBERED_MS = 5_000;
const MOST_REMEMBERED = 1_000;

/** Finds applications for requests, remembering each for five seconds: every request needs one, few change. */
@Injectable()
export class Applications {
  readonly #memory: ShortMemory<Application>;
  readonly #origins: ShortMemory<true>;

  constructor(
    private readonly store: ApplicationStore,
    private readonly database: Database,
    clock: Clock,
  ) {
    this.#memory = new ShortMemory(clock, REMEMBERED_MS, MOST_REMEMBERED);
    this.#origins = new ShortMemory(clock, REMEMBERED_MS, MOST_REMEMBERED);
  }

  /**
   * @param slug the slug in `X-Application`, or nothing for the default application
   * @returns the application, or `undefined` where there is none
   */
  async bySlug(slug: string = DEFAULT_APPLICATION): Promise<Application | undefined> {
    return this.#memory.recall(
      slugName(slug),
      () => this.store.findBySlug(this.database.direct, slug),
      namesOf,
    );
  }

  /** @param id the UUID that a token or key carries */
  async byId(id: string): Promise<Application | undefined> {
    return this.#memory.recall(idName(id), () => this.store.findById(this.database.direct, id), namesOf);
  }

  /**
   * Whether any application lets browsers of an origin in: a preflight does not say which it is about.
   * @param origin as the browser sends it
   */
  async anyAllows(origin: string): Promise<boolean> {
    const allowed = await this.#origins.recall(origin, async () =>
      (await this.store.anyAllows(this.database.direct, origin)) ? true : undefined,
    );
    return allowed === true;
  }

  /** Lets a change made by this process count in it at once. */
  forget(application: Pick<Application, 'id' | 'slug'>): void {
    this.#memory.forget(...namesOf(application));
  }
}

// Under both names, because a login finds it by its slug and the answer to its challenge by its id.
function namesOf({ id, slug }: Pick<Application, 'id' | 'slug'>): string[] {
  return [slugName(slug), idName(id)];
}

function slugName(slug: string): string {
  return `slug:${slug}`;
}

function idName(id: string): string {
  return `id:${id}`;
}
