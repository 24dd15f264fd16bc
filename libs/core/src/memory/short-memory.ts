import type { Clock } from '../clock/clock.js';

interface Remembered<T> {
  readonly value: T | undefined;
  readonly until: number;
}

/**
 * Remembers for some seconds what was looked up: what every request needs and few requests change. What is absent is
 * remembered too, apart from what is there, so that a stranger's made-up names push out none that exist.
 */
export class ShortMemory<T> {
  readonly #present = new Map<string, Remembered<T>>();
  readonly #absent = new Map<string, Remembered<T>>();
  readonly #underWay = new Map<string, Promise<T | undefined>>();

  /**
   * @param clock what the seconds are counted by
   * @param forMs so long a change may go unnoticed by this process
   * @param most so many names are remembered at once, present and absent each
   */
  constructor(
    private readonly clock: Clock,
    private readonly forMs: number,
    private readonly most: number,
  ) {}

  /**
   * What was remembered under a name, or what `find` finds; many who ask at once wait for one answer.
   * @param namesOf further names of what was found
   */
  async recall(
    name: string,
    find: () => Promise<T | undefined>,
    namesOf: (value: T) => readonly string[] = () => [],
  ): Promise<T | undefined> {
    const remembered = this.#present.get(name) ?? this.#absent.get(name);
    if (remembered !== undefined && this.#counts(remembered)) return remembered.value;
    return this.#underWay.get(name) ?? this.renew(name, find, namesOf);
  }

  /** What `find` finds now, remembered from then on; what was remembered counts for others until it is there. */
  async renew(
    name: string,
    find: () => Promise<T | undefined>,
    namesOf: (value: T) => readonly string[] = () => [],
  ): Promise<T | undefined> {
    // Counted from before the question: what changes while it is answered is noticed in time, too.
    const now = this.clock.now().getTime();
    const asking = find();
    this.#underWay.set(name, asking);
    try {
      const value = await asking;
      if (this.#underWay.get(name) === asking) this.#note(name, value, namesOf, now);
      return value;
    } finally {
      if (this.#underWay.get(name) === asking) this.#underWay.delete(name);
    }
  }

  /**
   * What was remembered under a name last, however long ago.
   * @returns whether it still counts as looked up, and what it was; `undefined` where nothing was looked up yet
   */
  last(name: string): { readonly fresh: boolean; readonly value: T | undefined } | undefined {
    const remembered = this.#present.get(name) ?? this.#absent.get(name);
    return remembered && { fresh: this.#counts(remembered), value: remembered.value };
  }

  /** Forgets names, because what they stand for was changed here; an answer under way no longer counts for them. */
  forget(...names: readonly string[]): void {
    for (const name of names) {
      this.#present.delete(name);
      this.#absent.delete(name);
      this.#underWay.delete(name);
    }
  }

  // A clock that stepped back must not stretch the time.
  #counts({ until }: Remembered<T>): boolean {
    const now = this.clock.now().getTime();
    return until > now && until <= now + this.forMs;
  }

  #note(name: string, value: T | undefined, namesOf: (value: T) => readonly string[], now: number): void {
    const [among, others] =
      value === undefined ? [this.#absent, this.#present] : [this.#present, this.#absent];
    for (const each of [name, ...(value === undefined ? [] : namesOf(value))]) {
      if (among.size >= this.most) among.clear();
      others.delete(each);
      among.set(each, { value, until: now + this.forMs });
    }
  }
}
