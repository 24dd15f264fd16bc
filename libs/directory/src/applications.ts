import { Injectable } from '@nestjs/common';
import { type BoundedLookup, Clock, Database, ShortMemory } from '@countersign/core';
import { type Application, ApplicationStore, DEFAULT_APPLICATION } from './application.store.js';

// A changed policy is in force everywhere within this time.
const REMEMBERED_MS = 5_000;
const MOST_REMEMBERED = 1_000;
// Which origins any application allows: every preflight asks, and each may name another.
const ORIGINS_REMEMBERED_MS = 1_000;
const ORIGINS = 'all';

/** Finds applications for requests, remembering each for five seconds: every request needs one, few change. */
@Injectable()
export class Applications {
  readonly #memory: ShortMemory<Application>;
  readonly #origins: ShortMemory<ReadonlySet<string>>;

  constructor(
    private readonly store: ApplicationStore,
    private readonly database: Database,
    clock: Clock,
  ) {
    this.#memory = new ShortMemory(clock, REMEMBERED_MS, MOST_REMEMBERED);
    this.#origins = new ShortMemory(clock, ORIGINS_REMEMBERED_MS, 1);
  }

  /**
   * @param slug the slug in `X-Application`, or nothing for the default application
   * @param bounded looks up what a stranger may have made up; it may throw
   * @returns the application, or `undefined` where there is none
   */
  async bySlug(
    slug: string = DEFAULT_APPLICATION,
    bounded?: BoundedLookup,
  ): Promise<Application | undefined> {
    return this.#recall(slugName(slug), () => this.store.findBySlug(this.database.direct, slug), bounded);
  }

  /**
   * @param id the UUID that a token or key carries
   * @param bounded the same for a token that nobody has checked yet
   */
  async byId(id: string, bounded?: BoundedLookup): Promise<Application | undefined> {
    return this.#recall(idName(id), () => this.store.findById(this.database.direct, id), bounded);
  }

  async #recall(
    name: string,
    find: () => Promise<Application | undefined>,
    bounded: BoundedLookup | undefined,
  ): Promise<Application | undefined> {
    const last = this.#memory.last(name);
    const look = (): Promise<Application | undefined> => this.#memory.recall(name, find, namesOf);
    // One that was there a moment ago is nobody's invention.
    const isKnown = last?.fresh === true || last?.value !== undefined;
    return isKnown || bounded === undefined ? look() : bounded(look);
  }

  /**
   * Whether any application lets browsers of an origin in: a preflight does not say which it is about.
   * @param origin as the browser sends it
   */
  async anyAllows(origin: string): Promise<boolean> {
    const origins = await this.#origins.recall(ORIGINS, () => this.#allOrigins());
    return origins?.has(origin) === true;
  }

  // While PostgreSQL is away, pages still learn that it is: by what was known last.
  async #allOrigins(): Promise<ReadonlySet<string>> {
    try {
      return new Set(await this.store.allowedOrigins(this.database.direct));
    } catch (error) {
      const last = this.#origins.last(ORIGINS)?.value;
      if (last === undefined) throw error;
      return last;
    }
  }

  /** Lets a change made by this process count in it at once. */
  forget(application: Pick<Application, 'id' | 'slug'>): void {
    this.#memory.forget(...namesOf(application));
    this.#origins.forget(ORIGINS);
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
