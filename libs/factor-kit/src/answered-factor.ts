import type { Schema } from './standard-schema.js';
import type { Verdict } from './verdict.js';

/** The circumstances of one call into a provider. Everything a provider may know beside the secret and the answer. */
export interface Circumstances {
  /** The engine's clock. A provider never reads the machine's own. */
  readonly now: Date;
  /** TypeIDs, for providers that talk to a system of their own. `factor` is known from enrolment on. */
  readonly ids: { readonly application: string; readonly user: string; readonly factor: string };
  /** The application's name as users see it. */
  readonly issuer: string;
  /** How the user calls the account: the e-mail address, else the application's own id for the user. */
  readonly account: string;
  /** 32 unpredictable bytes, the same at `challenge` and `verify` of one challenge, and at `enrol` and `confirm`. */
  readonly nonce: Uint8Array;
  /** Aborts when the engine stops waiting: pass it on to whatever takes time. */
  readonly signal: AbortSignal;
}

/** The schemas of a factor, as its class names them. */
export interface FactorShapes {
  readonly input: Schema;
  readonly secret: Schema;
  readonly answer: Schema;
}

type Output<S> = S extends Schema<infer T> ? T : never;

/** What enrolment yields: the secret that the engine seals, and what the user is shown this one time. */
export interface Enrolment<Secret> {
  readonly secret: Secret;
  /** Top-level fields of the enrolment's answer. May not use a reserved name (see `RESERVED_FIELDS`). */
  readonly show: Readonly<Record<string, unknown>>;
}

/** How a factor appears in lists once it is enrolled. */
export interface PublicView {
  /** A hint that tells the user which one it is, without giving anything away: `+1•••••••67`. */
  readonly hint: string;
}

/**
 * A factor whose user brings the answer: TOTP, WebAuthn, backup codes, yours.
 *
 * Extend it, decorate the class with `@FactorProvider` and list it in a module. A provider decides whether an
 * answer fits a secret, nothing else: attempts, replay, sealing, expiry, audit and events are the engine's.
 * A method that throws or outlives its signal counts as a refusal.
 *
 * @typeParam T the schemas, usually written `AnsweredFactor<{ input: typeof Input; secret: typeof Secret; answer: typeof Answer }>`
 */
export abstract class AnsweredFactor<T extends FactorShapes = FactorShapes> {
  /** Marks providers of this contract whatever copy of the package they were built against. */
  readonly kind = 'answered';

  /** Shown in lists of factor types. */
  abstract readonly title: string;
  /** The body of an enrolment, beside `type` and `label`. */
  abstract readonly input: T['input'];
  /** What is sealed at rest. It must survive a trip through JSON. */
  abstract readonly secret: T['secret'];
  /** The body of an answer: `{ code }` or `{ credential }`. */
  abstract readonly answer: T['answer'];

  /** Makes a new secret for a user. */
  abstract enrol(
    input: Output<T['input']>,
    at: Circumstances,
  ): Promise<Enrolment<Output<T['secret']>>> | Enrolment<Output<T['secret']>>;

  /** Decides whether the user has what `enrol` made. The engine then activates the factor. */
  abstract confirm(
    secret: Output<T['secret']>,
    answer: Output<T['answer']>,
    at: Circumstances,
  ): Promise<Verdict<Output<T['secret']>>> | Verdict<Output<T['secret']>>;

  /** What the user's client needs to answer a challenge. Nothing, for most factors. */
  challenge(_secret: Output<T['secret']>, _at: Circumstances): Promise<ShownChallenge> | ShownChallenge {
    return {};
  }

  /** Decides whether an answer fits. Pure: the engine spends what `fresh` names. */
  abstract verify(
    secret: Output<T['secret']>,
    answer: Output<T['answer']>,
    at: Circumstances,
  ): Promise<Verdict<Output<T['secret']>>> | Verdict<Output<T['secret']>>;

  /** What lists show of an enrolled factor. */
  abstract publicView(secret: Output<T['secret']>): PublicView;

  /**
   * Cleans up in systems of your own after the user removed the factor. Its failure changes nothing here; must bear
   * repetition. Not called when the whole user is erased.
   */
  revoke?(secret: Output<T['secret']>, at: Circumstances): Promise<void> | void;
}

/** Fields that a challenge shows to the user's client. */
export type ShownChallenge = Readonly<Record<string, unknown>>;
