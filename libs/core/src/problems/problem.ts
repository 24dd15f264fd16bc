import { PROBLEMS, type ProblemCode } from './catalogue.js';

/** One field that is wrong, and why. `path` is dotted: `rateLimit.limit`. */
export interface FieldError {
  readonly path: string;
  readonly message: string;
}

/** What a problem may say beside its code. */
export interface ProblemDetails {
  /** One sentence for the developer at the other end. Never a secret, a stack or SQL. */
  readonly detail?: string;
  readonly errors?: readonly FieldError[];
  /** Whole seconds, sent as `Retry-After`. */
  readonly retryAfter?: number;
  /** Further members of the answer, such as `attemptsLeft` and `reason`. */
  readonly members?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
}

/** An answer of the error catalogue (RFC 9457). Thrown where a request ends; the problem filter writes it. */
export class Problem extends Error {
  override readonly name = 'Problem';
  readonly status: number;
  readonly title: string;
  readonly detail: string | undefined;
  readonly errors: readonly FieldError[] | undefined;
  readonly retryAfter: number | undefined;
  readonly members: Readonly<Record<string, unknown>>;

  constructor(
    readonly code: ProblemCode,
    details: ProblemDetails = {},
  ) {
    super(details.detail ?? PROBLEMS[code].title, { cause: details.cause });
    this.status = PROBLEMS[code].status;
    this.title = PROBLEMS[code].title;
    this.detail = details.detail;
    this.errors = details.errors;
    this.retryAfter = details.retryAfter;
    this.members = details.members ?? {};
  }
}
