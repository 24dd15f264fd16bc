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
    const now = this.clock.now().getTime();
    const remembered = this.#present.get(name) ?? this.#absent.get(name);
    // A clock that stepped back must not stretch the time.
    if (remembered !== undefined && remembered.until > now && remembered.until <= now + this.forMs) {
      return remembered.value;
    }
    const underWay = this.#underWay.get(name);
    if (underWay !== undefined) return underWay;
    // Counted from before the question: what changes while it is answered is noticed in time, too.
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

  /** Forgets names, because what they stand for was changed here; an answer under way no longer counts for them. */
  forget(...names: readonly string[]): void {
    for (const name of names) {
      this.#present.delete(name);
      this.#absent.delete(name);
      this.#underWay.delete(name);
    }
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
