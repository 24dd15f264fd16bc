import type { ModuleMetadata, Provider } from '@nestjs/common';
import type { AnsweredFactor, DeliveredCodeFactor, ShownChallenge } from '@countersign/factor-kit';

/** What the owner of a factor knows when an answer is asked for. */
export interface Asked {
  /** What enrolment showed, this one time. */
  readonly shown: Readonly<Record<string, unknown>>;
  /** What the provider's `challenge` shows; `undefined` where the answer activates the factor. */
  readonly challenge: ShownChallenge | undefined;
  /** The engine's time. */
  readonly now: Date;
  /** How many right answers were asked for before, for factors whose answers are a list: 0, 1, 2 … */
  readonly nth: number;
}

/** A body of an answer, as a client sends it: `{ code }` or `{ credential }`. */
export type AnswerBody = Readonly<Record<string, unknown>>;

/** What the contract suite must know to run a provider of either kind. */
export type FactorContract = AnsweredContract | DeliveredContract;

/** What the suite must know of a factor whose user brings the answer. */
export interface AnsweredContract extends CommonContract {
  /** The class decorated with `@FactorProvider`. */
  readonly provider: new (...dependencies: never[]) => AnsweredFactor;
  /**
   * The right answer, as the owner's app, key or paper gives it. Two of one moment may be the same. No factor is asked
   * for more than four.
   */
  answer(asked: Asked): AnswerBody | Promise<AnswerBody>;
  /** An answer of the right form that does not fit, whatever the secret. */
  wrongAnswer(asked: Asked): AnswerBody | Promise<AnswerBody>;
  /** What a server may say at enrolment beside `input`, where the provider has a `serverInput`. */
  readonly serverInput?: Readonly<Record<string, unknown>>;
}

/** What the suite must know of a factor whose codes are sent: it reads them where they arrive. */
export interface DeliveredContract extends CommonContract {
  /** The class decorated with `@FactorProvider`. */
  readonly provider: new (...dependencies: never[]) => DeliveredCodeFactor;
  readonly answer?: undefined;
  readonly wrongAnswer?: undefined;
  readonly serverInput?: undefined;
}

interface CommonContract {
  /** What the provider has injected, where it has anything. */
  readonly imports?: NonNullable<ModuleMetadata['imports']>;
  readonly providers?: readonly Provider[];
  /** Tokens of `providers` whose failure the factor does without: a log, a cache. The suite lets the others fail. */
  readonly mayFail?: readonly unknown[];
  /** The enrolment's own fields. None by default. */
  readonly input?: Readonly<Record<string, unknown>>;
  /** Another enrolment's, with another recipient. The suite makes one of `input` where the provider accepts that. */
  readonly anotherInput?: Readonly<Record<string, unknown>>;
  /** Milliseconds after which the owner has another right answer. 30 000 by default. */
  readonly nextAnswerAfterMs?: number;
  /**
   * Texts that must never be seen anywhere. The suite finds what is random in a secret by itself; name what is secret
   * and comes from `input`, such as a PIN.
   */
  readonly canaries?: readonly string[];
  /**
   * A PostgreSQL server, as `postgres://…`, on which the suite makes a database of its own and drops it afterwards.
   * `TEST_DATABASE_URL` by default; without it the suite starts a PostgreSQL of its own.
   */
  readonly databaseUrl?: string;
}
