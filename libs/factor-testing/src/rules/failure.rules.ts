import { ActiveFactor } from '../bench/active-factor.js';
import { breakWorld } from '../bench/broken-world.js';
import type { FactorBench } from '../bench/factor-bench.js';
import { Person } from '../bench/person.js';
import { hold } from '../contract-broken.js';
import type { FactorRule } from '../factor-rule.js';

/** What becomes of a provider that fails. */
export const failureRules: readonly FactorRule[] = [
  { name: 'a throw is a refusal', binds: 'all', kind: 'answered', check: throwsRefuse },
  { name: 'a timeout is a refusal', binds: 'all', kind: 'answered', check: timeoutsRefuse },
  {
    name: 'a failure of what it stands on is not taken for success',
    binds: 'all',
    check: failuresAreTold,
  },
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

async function failuresAreTold(bench: FactorBench): Promise<void> {
  const factor = await ActiveFactor.of(bench);
  const challenge = await factor.challenge();
  const answer = await factor.rightAnswer(challenge);
  const [person, later] = [await Person.make(bench), await factor.open()];
  const world = breakWorld(bench);
  const step = async (method: string, took: () => Promise<boolean>): Promise<void> => {
    world.asked();
    const went = await took().catch(() => false);
    const asked = world.asked();
    hold(
      asked === undefined || !went,
      `${method} went on though ${asked ?? ''} failed: its user waits for what never comes, or is let in unasked. ` +
        'Let the failure through: the engine answers 503, or refuses the answer',
    );
  };
  try {
    await step('enrolment', async () => (await person.enrol()).outcome === 'enrolled');
    await step('challenge()', async () => ['shown', 'sent'].includes((await factor.send(later)).outcome));
    await step('verify', async () => (await factor.answer(challenge, answer)).outcome === 'accepted');
  } finally {
    world.mend();
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
