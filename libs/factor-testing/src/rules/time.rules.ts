import { ActiveFactor } from '../bench/active-factor.js';
import type { FactorBench } from '../bench/factor-bench.js';
import { ContractBroken } from '../contract-broken.js';
import type { FactorRule } from '../factor-rule.js';

/** Comes first: a provider that lets the engine wait breaks most other rules too, each after seconds. */
export const timeRules: readonly FactorRule[] = [
  { name: 'it is done before the engine stops waiting', binds: 'all', check: staysInTime },
];

/** What is wrong with a provider that was still busy when its signal aborted; `undefined` where none was. */
export function lateness({ engine }: FactorBench): ContractBroken | undefined {
  const { outlived } = engine.observed;
  return outlived === undefined
    ? undefined
    : new ContractBroken(
        `${outlived} outlives its signal: the engine waits five seconds, and takes silence for a refusal. Pass ` +
          'at.signal on to whatever takes time, and do not wait for people there',
      );
}

async function staysInTime(bench: FactorBench): Promise<void> {
  try {
    const factor = await ActiveFactor.of(bench);
    const challenge = await factor.challenge();
    await factor.answer(challenge, await factor.wrongAnswer(challenge));
    if (lateness(bench) !== undefined) return;
    await factor.answer(challenge, await factor.rightAnswer(challenge));
  } catch {
    // Anything else that is wrong is the matter of other rules.
  }
}
