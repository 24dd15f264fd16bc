import type { Circumstances } from './circumstances.js';
import type { Refused } from './refused.js';
import type { Parsed, Schema } from './standard-schema.js';
import type { Verdict } from './verdict.js';

/** The schemas of a factor, as its class names them. */
export interface FactorShapes {
  readonly input: Schema;
  readonly secret: Schema;
  readonly answer: Schema;
}

/** What enrolment yields: the secret that the engine seals, and what the user is shown this one time. */
export interface Enrolment<Secret> {
  readonly secret: Secret;
  /** Top-level fields of the enrolment's answer. May not use a reserved name (see `RESERVED_FIELDS`). */
  readonly show: Readonly<Record<string, unknown>>;
  /**
   * `true` where the user is known to have the factor already, because a server imported it: it needs no confirmation.
   * The engine believes it of enrolments by servers only.
   */
  readonly active?: boolean;
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
  /** The same for servers that enrol for their users, where they may say more. `input` where it is absent. */
  readonly serverInput?: Schema<Parsed<T['input']>> | undefined;
  /** What is sealed at rest. It must survive a trip through JSON. */
  abstract readonly secret: T['secret'];
  /** The body of an answer: `{ code }` or `{ credential }`. */
  abstract readonly answer: T['answer'];

  /** Makes a new secret for a user, or refuses the input with `refuse`. */
  abstract enrol(
    input: Parsed<T['input']>,
    at: Circumstances,
  ): Promise<Enrolment<Parsed<T['secret']>> | Refused> | Enrolment<Parsed<T['secret']>> | Refused;

  /** Decides whether the user has what `enrol` made. The engine then activates the factor. */
  abstract confirm(
    secret: Parsed<T['secret']>,
    answer: Parsed<T['answer']>,
    at: Circumstances,
  ): Promise<Verdict<Parsed<T['secret']>>> | Verdict<Parsed<T['secret']>>;

  /**
   * What the user's client needs to answer a challenge. For most factors there is no such thing: leave it out then, and
   * a client that asks is told so. One that does something and has nothing to show returns `{}`. Anybody with the
   * password sees it: it never holds the answer, or a part of the secret that makes one.
   */
  challenge(_secret: Parsed<T['secret']>, _at: Circumstances): Promise<ShownChallenge> | ShownChallenge {
    return {};
  }

  /** Decides whether an answer fits. Pure: the engine spends what `fresh` names. */
  abstract verify(
    secret: Parsed<T['secret']>,
    answer: Parsed<T['answer']>,
    at: Circumstances,
  ): Promise<Verdict<Parsed<T['secret']>>> | Verdict<Parsed<T['secret']>>;

  /**
   * Finds a device again whose clock or counter has drifted out of reach, by two consecutive answers (RFC 4226 section
   * 7.4, RFC 6238 section 6). Accepted with the second one's step, and the secret that reaches it from then on. Only
   * for factors that know such a thing.
   */
  resync?(
    secret: Parsed<T['secret']>,
    answers: readonly [Parsed<T['answer']>, Parsed<T['answer']>],
    at: Circumstances,
  ): Promise<Verdict<Parsed<T['secret']>>> | Verdict<Parsed<T['secret']>>;

  /**
   * The step of the answer that the user's device shows at a moment, for factors whose answers are made from the time
   * (`fresh: { step }`): after a backup was restored the engine refuses this step and the next one, because it no longer
   * knows which were spent.
   */
  presentStep?(secret: Parsed<T['secret']>, now: Date): bigint;

  /**
   * Decides, as `confirm` does, by two consecutive answers of a device whose clock is off. Only for factors that know
   * such a thing; the request then holds `codes` in the place of `code`.
   */
  confirmInRow?(
    secret: Parsed<T['secret']>,
    answers: readonly [Parsed<T['answer']>, Parsed<T['answer']>],
    at: Circumstances,
  ): Promise<Verdict<Parsed<T['secret']>>> | Verdict<Parsed<T['secret']>>;

  /**
   * What makes a device one and the same, wherever it is enrolled: a serial number, a credential's id. It is unique in
   * the application: claimed when a factor is activated, never by a pending one; a second one is refused (409). The
   * engine keeps an HMAC of it. Devices of one user with the same hint are told apart: `YubiKey 5 (2)`.
   */
  identity?(secret: Parsed<T['secret']>): string;

  /**
   * The identity of the device that made an answer, where the answer says it. It picks the factor among the user's
   * several of this type. `undefined` where it says nothing.
   */
  answeredBy?(answer: Parsed<T['answer']>): string | undefined;

  /**
   * Whether two secrets, which differ as they are written, are one: an answer that fits either fits both. One user does
   * not get such a pair by imports. Equal secrets always are one.
   */
  isSameSecret?(secret: Parsed<T['secret']>, other: Parsed<T['secret']>): boolean;

  /** What lists show of an enrolled factor. */
  abstract publicView(secret: Parsed<T['secret']>): PublicView;

  /**
   * Cleans up in systems of your own after the user removed the factor. Its failure changes nothing here; must bear
   * repetition. Not called when the whole user is erased.
   */
  revoke?(secret: Parsed<T['secret']>, at: Circumstances): Promise<void> | void;
}

/** Fields that a challenge shows to the user's client. */
export type ShownChallenge = Readonly<Record<string, unknown>>;
