import { inspect } from 'node:util';

const SHOWN = '[secret]';

/**
 * A text that cannot be printed by accident: strings, JSON, logs and the inspector show `[secret]`. The value is read
 * with `reveal()` where it is used, and nowhere else.
 */
export class Secret {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  /** The text itself. */
  reveal(): string {
    return this.#text;
  }

  toString(): string {
    return SHOWN;
  }

  toJSON(): string {
    return SHOWN;
  }

  [inspect.custom](): string {
    return SHOWN;
  }
}
