import { ActiveFactor } from '../bench/active-factor.js';
import type { FactorBench } from '../bench/factor-bench.js';
import { hold } from '../contract-broken.js';
import type { FactorRule } from '../factor-rule.js';

/** What becomes of a provider that fails. */
export const failureRules: readonly FactorRule[] = [
  { name: 'a throw is a refusal', binds: 'all', kind: 'answered', check: throwsRefuse },
  { name: 'a timeout is a refusal', binds: 'all', kind: 'answered', check: timeoutsRefuse },
];

// The engine waits for seconds; a rule need not.
const IMPATIENT_MS = 20;

async function throwsRefuse(bench: FactorBench): Promise<void> {
  const { observed } = bench.engine;
  const factor = await ActiveFactor.of(bench);
  const challenge = await factor.challenge();
  const answer = await factor.rightAnswer(challenge);
  observed.failWith = async () => {
    throw new Error('the provider fails');
  };
  try {
    const { outcome } = await factor.answer(challenge, answer);
    hold(outcome === 'rejected', `an answer whose verification throws ended as ${outcome}`);
  } finally {
    observed.failWith = undefined;
  }
  const { outcome } = await factor.answer(challenge, answer);
  hold(outcome === 'accepted', `the same answer, once the provider works again, ended as ${outcome}`);
}

async function timeoutsRefuse(bench: FactorBench): Promise<void> {
  const { observed } = bench.engine;
  const factor = await ActiveFactor.of(bench);
  const challenge = await factor.challenge();
  const answer = await factor.rightAnswer(challenge);
  observed.failWith = () => new Promise<never>(() => undefined);
  try {
    const { outcome } = await impatiently(() => factor.answer(challenge, answer));
    hold(outcome === 'rejected', `an answer whose verification never ends ended as ${outcome}`);
  } finally {
    observed.failWith = undefined;
  }
}

async function impatiently<T>(work: () => Promise<T>): Promise<T> {
  const timeout = AbortSignal.timeout.bind(AbortSignal);
  AbortSignal.timeout = () => timeout(IMPATIENT_MS);
  try {
    return await work();
  } finally {
    AbortSignal.timeout = timeout;
  }
}
