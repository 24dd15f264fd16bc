import {
  type AnsweredFactor,
  type Circumstances,
  type DeliveredCodeFactor,
  type Enrolment,
  isRefused,
  type Recipient,
  type Refused,
  type Verdict,
} from '@countersign/factor-kit';
import type { FactorClass } from '@countersign/factors';
import { AsyncLocalStorage } from 'node:async_hooks';

type Judging = 'confirm' | 'verify';

/** What went through a provider's methods, for rules that look behind the engine. */
export interface Observed {
  /** The secret that each factor's enrolment returned, by the factor's TypeID. */
  readonly enrolled: Map<string, unknown>;
  /** The secret that each factor's last confirmation or verification was given, by TypeID. */
  readonly given: Map<string, unknown>;
  /** The secret that a recipient was last asked of, for providers whose codes are sent. */
  addressed: unknown;
  /** Methods that changed the secret they were given. */
  readonly changedInPlace: Set<Judging>;
  /** The first method that was still busy when the engine had stopped waiting for it. */
  outlived: string | undefined;
  /** Replaces the decision on the next answers: a provider that fails. `undefined` gives it back its own. */
  failWith: (() => Promise<never>) | undefined;
  /** Decides on the next answers instead: the same provider in another instance. */
  elsewhere: AnsweredFactor | undefined;
}

/** Watches a provider by wrapping the methods of this one instance. */
export function observe(provider: FactorClass): Observed {
  const observed: Observed = {
    enrolled: new Map(),
    given: new Map(),
    addressed: undefined,
    changedInPlace: new Set(),
    outlived: undefined,
    failWith: undefined,
    elsewhere: undefined,
  };
  if (provider.kind === 'answered') observeAnswers(provider, observed);
  else observeAddresses(provider, observed);
  return observed;
}

function observeAddresses(provider: DeliveredCodeFactor, observed: Observed): void {
  const address = provider.address.bind(provider);
  provider.address = async (input: unknown, at: Circumstances): Promise<unknown> => {
    const secret = await timed(observed, 'address', at, address(input, at));
    if (!isRefused(secret)) observed.enrolled.set(at.ids.factor, structuredClone(secret));
    return secret;
  };
  const recipient = provider.recipient.bind(provider);
  provider.recipient = (secret: unknown): Recipient => {
    observed.addressed = structuredClone(secret);
    return recipient(secret);
  };
}

function observeAnswers(provider: AnsweredFactor, observed: Observed): void {
  const enrol = provider.enrol.bind(provider);
  provider.enrol = async (input: unknown, at: Circumstances): Promise<Enrolment<unknown> | Refused> => {
    const enrolment = await timed(observed, 'enrol', at, enrol(input, at));
    if (!isRefused(enrolment)) observed.enrolled.set(at.ids.factor, structuredClone(enrolment.secret));
    return enrolment;
  };
  const challenge = provider.challenge.bind(provider);
  provider.challenge = (secret, at) => timed(observed, 'challenge', at, challenge(secret, at));
  const resync = provider.resync?.bind(provider);
  if (resync !== undefined) {
    provider.resync = (secret, answers, at) => timed(observed, 'resync', at, resync(secret, answers, at));
  }
  observeDecisions(provider, observed);
}

function observeDecisions(provider: AnsweredFactor, observed: Observed): void {
  const judging = new AsyncLocalStorage<true>();
  for (const method of ['confirm', 'verify'] as const) {
    const judge = provider[method].bind(provider);
    const observedJudge = async (
      secret: unknown,
      answer: unknown,
      at: Circumstances,
    ): Promise<Verdict<unknown>> => {
      const { failWith, elsewhere } = observed;
      if (failWith !== undefined) return failWith();
      const before = JSON.stringify(secret);
      observed.given.set(at.ids.factor, structuredClone(secret));
      try {
        const decide = elsewhere === undefined ? judge : elsewhere[method].bind(elsewhere);
        return await timed(
          observed,
          method,
          at,
          judging.run(true, () => decide(secret, answer, at)),
        );
      } finally {
        if (JSON.stringify(secret) !== before) observed.changedInPlace.add(method);
      }
    };
    // A `confirm` that asks its own `verify` gets what its class returns, and gives it what its class takes.
    provider[method] = (secret, answer, at) =>
      judging.getStore() === true ? judge(secret, answer, at) : observedJudge(secret, answer, at);
  }
}

// The signal is the one that the engine waits by. What is there already has outlived nothing.
function timed<T>(
  observed: Observed,
  method: string,
  at: Circumstances,
  result: T | Promise<T>,
): T | Promise<T> {
  if (!(result instanceof Promise)) return result;
  const late = (): void => {
    observed.outlived ??= method;
  };
  at.signal.addEventListener('abort', late, { once: true });
  return result.finally(() => at.signal.removeEventListener('abort', late));
}
