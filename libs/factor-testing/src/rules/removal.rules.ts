import { publicId, SYSTEM_ORIGIN } from '@countersign/core';
import { RemoveFactor } from '@countersign/factors';
import { ActiveFactor } from '../bench/active-factor.js';
import type { FactorBench } from '../bench/factor-bench.js';
import { circumstances } from '../circumstances.js';
import { hold } from '../contract-broken.js';
import type { FactorRule } from '../factor-rule.js';

/** The end of a factor. */
export const removalRules: readonly FactorRule[] = [
  { name: 'once removed it answers no challenge', binds: 'all', check: removedIsGone },
  { name: 'its clean-up bears repetition', binds: 'all', kind: 'answered', check: revokeIsIdempotent },
];

async function removedIsGone(bench: FactorBench): Promise<void> {
  const factor = await ActiveFactor.of(bench);
  const challenge = await factor.challenge();
  const removal = bench.engine.container.get(RemoveFactor);
  const remove = async (): Promise<string> =>
    removal.run({ subject: await factor.owner.subject(), factorId: factor.id, origin: SYSTEM_ORIGIN });
  hold((await remove()) === 'removed', 'the factor was not removed');
  hold((await remove()) === 'unknown', 'the factor was removed twice');
  const { outcome } = await factor.answer(challenge, await factor.rightAnswer(challenge));
  hold(outcome === 'dead', `an answer by a removed factor ended as ${outcome}`);
}

async function revokeIsIdempotent(bench: FactorBench): Promise<void> {
  const { registered, observed } = bench.engine;
  const { provider } = registered;
  if (provider.kind !== 'answered') return;
  const factor = await ActiveFactor.of(bench);
  const secret = observed.enrolled.get(publicId('fac', factor.id));
  for (const time of ['once', 'twice', 'a third time']) {
    try {
      await provider.revoke?.(structuredClone(secret), circumstances({ now: bench.clock.now() }));
    } catch {
      hold(false, `revoke failed when called ${time}`);
    }
  }
}
