import { isDatabaseUnavailable } from './database-errors.js';

/** How questions are asked together. */
export interface Coalescing<Question> {
  /** How many statements may be under way; a slow one holds up only what came with it while another is free. */
  readonly lanes: number;
  /** The most questions in one statement. */
  readonly most: number;
  /** Questions with the same key never go together. */
  readonly keyOf?: (question: Question) => string;
}

interface Waiting<Question, Answer> {
  readonly question: Question;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Asks PostgreSQL once for what many requests want to know, or to write, at the same time: what comes while all lanes
 * are busy waits and goes together. A question that comes alone is asked at once, by itself.
 */
export class Coalescer<Question, Answer> {
  #waiting: Waiting<Question, Answer>[] = [];
  #free: number;

  /** @param ask one statement for all; answers in the order of the questions, or rejects with nothing written */
  constructor(
    private readonly ask: (questions: readonly Question[]) => Promise<readonly Answer[]>,
    private readonly coalescing: Coalescing<Question>,
  ) {
    this.#free = coalescing.lanes;
  }

  /** @returns what `ask` answers to this question; its errors are those of `ask` */
  run(question: Question): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ question, resolve, reject });
      if (this.#free === 0) return;
      this.#free -= 1;
      // After what else has come in this turn of the event loop.
      setImmediate(() => void this.#drive());
    });
  }

  async #drive(): Promise<void> {
    for (let batch = this.#next(); batch.length > 0; batch = this.#next()) await this.#settle(batch);
    this.#free += 1;
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
      // What PostgreSQL refused as a whole was written by none: the others must not suffer for one of them. Where it
      // went away, nobody knows what was written, and nothing is asked twice.
      if (batch.length > 1 && !isDatabaseUnavailable(error)) {
        for (const alone of batch) await this.#settle([alone]);
      } else {
        batch.forEach(({ reject }) => reject(error));
      }
    }
  }
}
