import { isDatabaseUnavailable } from './database-errors.js';

/** How questions are asked together. */
export interface Coalescing<Question> {
  /** The most questions in one statement. */
  readonly most: number;
  /** Questions with the same key never go together. */
  readonly keyOf?: (question: Question) => string;
  /**
   * Where others came together just now, so many milliseconds for those who are about to; as PostgreSQL's
   * `commit_delay`. None where absent.
   */
  readonly gatherMs?: number;
}

interface Waiting<Question, Answer> {
  readonly question: Question;
  /** On the process's own clock. */
  readonly since: number;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
}

/** Who has waited this long waits for a statement that hangs. */
const PATIENCE_MS = 50;
/** Statements under way, where all but the last hang. */
const LANES = 4;

/**
 * Asks PostgreSQL once for what many requests want to know, or to write, at the same time: what comes while a statement
 * is under way waits for its end and goes together. A question that comes alone is asked at once, by itself. A statement
 * that hangs holds up only what came with it.
 */
export class Coalescer<Question, Answer> {
  #waiting: Waiting<Question, Answer>[] = [];
  #underWay = 0;
  #crowded = false;
  #watch: NodeJS.Timeout | undefined;

  /** @param ask one statement for all; answers in the order of the questions, or rejects with nothing written */
  constructor(
    private readonly ask: (questions: readonly Question[]) => Promise<readonly Answer[]>,
    private readonly coalescing: Coalescing<Question>,
  ) {}

  /** @returns what `ask` answers to this question; its errors are those of `ask` */
  run(question: Question): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ question, since: performance.now(), resolve, reject });
      if (this.#underWay === 0) this.#open();
      else if (this.#watch === undefined) this.#watch = this.#soon();
    });
  }

  #open(): void {
    this.#underWay += 1;
    const { gatherMs } = this.coalescing;
    if (this.#crowded && gatherMs !== undefined) setTimeout(() => void this.#drive(), gatherMs);
    // After what else has come in this turn of the event loop.
    else setImmediate(() => void this.#drive());
  }

  async #drive(): Promise<void> {
    for (let batch = this.#next(); batch.length > 0; batch = this.#next()) {
      this.#crowded = batch.length > 1;
      await this.#settle(batch);
    }
    this.#underWay -= 1;
  }

  #lookForHanging(): void {
    this.#watch = undefined;
    if (this.#waiting.length === 0) return;
    if (this.#underWay < LANES && this.#waiting.some(isOld)) this.#open();
    this.#watch = this.#soon();
  }

  #soon(): NodeJS.Timeout {
    return setTimeout(() => this.#lookForHanging(), PATIENCE_MS);
  }

  #next(): Waiting<Question, Answer>[] {
    const { most, keyOf } = this.coalescing;
    if (keyOf === undefined) return this.#waiting.splice(0, most);
    const batch = new Map<string, Waiting<Question, Answer>>();
    this.#waiting = this.#waiting.filter((waiting) => {
      const key = keyOf(waiting.question);
      if (batch.size === most || batch.has(key)) return true;
      batch.set(key, waiting);
      return false;
    });
    return [...batch.values()];
  }

  async #settle(batch: readonly Waiting<Question, Answer>[]): Promise<void> {
    try {
      const answers = await this.ask(batch.map(({ question }) => question));
      if (answers.length !== batch.length) throw new TypeError('Not an answer for each question');
      batch.forEach(({ resolve }, at) => resolve(answers[at] as Answer));
    } catch (error) {
      if (isDatabaseUnavailable(error)) {
        // Nobody knows what was written, and nothing is asked twice. Nor does anybody wait for a second statement to
        // hang who has waited for this one.
        for (const { reject } of [...batch, ...this.#waiting.filter(isOld)]) reject(error);
        this.#waiting = this.#waiting.filter((waiting) => !isOld(waiting));
      } else if (batch.length > 1) {
        // What PostgreSQL refused as a whole was written by none: the others must not suffer for one of them.
        for (const alone of batch) await this.#settle([alone]);
      } else {
        batch.forEach(({ reject }) => reject(error));
      }
    }
  }
}

function isOld({ since }: { readonly since: number }): boolean {
  return performance.now() - since >= PATIENCE_MS;
}
