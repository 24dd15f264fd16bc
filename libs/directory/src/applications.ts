import { Injectable } from '@nestjs/common';
import { Clock, Database } from '@countersign/core';
import { type Application, ApplicationStore, DEFAULT_APPLICATION } from './application.store.js';

// A changed policy is in force everywhere within this time.
const REMEMBERED_MS = 5_000;
const MOST_REMEMBERED = 1_000;

interface Remembered {
  readonly application: Application | undefined;
  readonly until: number;
}

/** Finds applications for requests, remembering each for five seconds: every request needs one, few change. */
@Injectable()
export class Applications {
  readonly #present = new Map<string, Remembered>();
  // Apart, so that a stranger's made-up names push out none that exist.
  readonly #absent = new Map<string, Remembered>();

  constructor(
    private readonly store: ApplicationStore,
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  /**
   * @param slug the slug in `X-Application`, or nothing for the default application
   * @returns the application, or `undefined` where there is none
   */
  async bySlug(slug: string = DEFAULT_APPLICATION): Promise<Application | undefined> {
    return this.#remember(`slug:${slug}`, () => this.store.findBySlug(this.database.direct, slug));
  }

  /** @param id the UUID that a token or key carries */
  async byId(id: string): Promise<Application | undefined> {
    return this.#remember(`id:${id}`, () => this.store.findById(this.database.direct, id));
  }

  async #remember(
    key: string,
    find: () => Promise<Application | undefined>,
  ): Promise<Application | undefined> {
    const now = this.clock.now().getTime();
    const remembered = this.#present.get(key) ?? this.#absent.get(key);
    if (remembered !== undefined && remembered.until > now && remembered.until <= now + REMEMBERED_MS) {
      return remembered.application;
    }
    const application = await find();
    const until = now + REMEMBERED_MS;
    if (application === undefined) {
      note(this.#absent, key, { application, until });
    } else {
      // Under both names, because a login finds it by its slug and the answer to its challenge by its id.
      note(this.#present, `slug:${application.slug}`, { application, until });
      note(this.#present, `id:${application.id}`, { application, until });
    }
    return application;
  }
}

function note(among: Map<string, Remembered>, key: string, remembered: Remembered): void {
  if (among.size >= MOST_REMEMBERED) among.clear();
  among.set(key, remembered);
}
