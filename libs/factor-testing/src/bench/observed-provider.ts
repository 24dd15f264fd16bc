import type {
  AnsweredFactor,
  Circumstances,
  DeliveredCodeFactor,
  Enrolment,
  Recipient,
  Verdict,
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
  /** Replaces the decision on the next answers: a provider that fails. `undefined` gives it back its own. */
  failWith: (() => Promise<never>) | undefined;
}

/** Watches a provider by wrapping the methods of this one instance. */
export function observe(provider: FactorClass): Observed {
  const observed: Observed = {
    enrolled: new Map(),
    given: new Map(),
    addressed: undefined,
    changedInPlace: new Set(),
    failWith: undefined,
  };
  if (provider.kind === 'answered') observeAnswers(provider, observed);
  else observeAddresses(provider, observed);
  return observed;
}

function observeAddresses(provider: DeliveredCodeFactor, observed: Observed): void {
  const address = provider.address.bind(provider);
  provider.address = async (input: unknown, at: Circumstances): Promise<unknown> => {
    const secret = await address(input, at);
    observed.enrolled.set(at.ids.factor, structuredClone(secret));
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
  provider.enrol = async (input: unknown, at: Circumstances): Promise<Enrolment<unknown>> => {
    const enrolment = await enrol(input, at);
    observed.enrolled.set(at.ids.factor, structuredClone(enrolment.secret));
    return enrolment;
  };
  const judging = new AsyncLocalStorage<true>();
  for (const method of ['confirm', 'verify'] as const) {
    const judge = provider[method].bind(provider);
    const observedJudge = async (
      secret: unknown,
      answer: unknown,
      at: Circumstances,
    ): Promise<Verdict<unknown>> => {
      if (observed.failWith !== undefined) return observed.failWith();
      const before = JSON.stringify(secret);
      observed.given.set(at.ids.factor, structuredClone(secret));
      try {
        return await judging.run(true, () => judge(secret, answer, at));
      } finally {
        if (JSON.stringify(secret) !== before) observed.changedInPlace.add(method);
      }
    };
    // A `confirm` that asks its own `verify` gets what its class returns, and gives it what its class takes.
    provider[method] = (secret, answer, at) =>
      judging.getStore() === true ? judge(secret, answer, at) : observedJudge(secret, answer, at);
  }
}
