import { SYSTEM_ORIGIN } from '@countersign/core';
import { ChangeFactor, type FactorView, RemoveFactor } from '@countersign/factors';
import type { FactorBench } from '../bench/factor-bench.js';
import { Person } from '../bench/person.js';
import { hold } from '../contract-broken.js';
import type { FactorRule } from '../factor-rule.js';

/** A recovery factor stands in for others and is never one by itself. */
export const recoveryRules: readonly FactorRule[] = [
  { name: 'it needs another active factor', binds: 'recovery', check: needsAnother },
  { name: 'it comes with the first factor, active at once', binds: 'recovery', check: comesWithTheFirst },
  { name: 'it is never the default factor', binds: 'recovery', check: neverTheDefault },
  { name: 'a new set replaces the one before', binds: 'recovery', check: replacesItself },
  { name: 'it goes with the last factor', binds: 'recovery', check: goesWithTheLast },
];

async function ofTestedType(bench: FactorBench, person: Person): Promise<FactorView[]> {
  const { type } = bench.engine.registered.options;
  return (await person.factors()).filter((factor) => factor.type === type);
}

async function needsAnother(bench: FactorBench): Promise<void> {
  const person = await Person.make(bench);
  const { outcome } = await person.enrol();
  hold(outcome === 'nothing-to-recover', `as the only factor its enrolment ended as ${outcome}`);
}

async function comesWithTheFirst(bench: FactorBench): Promise<void> {
  const person = await Person.make(bench);
  await person.giveStandIn();
  const [factor, ...more] = await ofTestedType(bench, person);
  hold(
    factor !== undefined && more.length === 0,
    'the first factor did not bring one recovery factor with it',
  );
  hold(factor.status === 'active', 'the recovery factor that came with the first factor is not active');
}

async function neverTheDefault(bench: FactorBench): Promise<void> {
  const person = await Person.make(bench);
  await person.giveStandIn();
  const [factor] = await ofTestedType(bench, person);
  hold(factor !== undefined && !factor.isDefault, 'a recovery factor is the default one');
  const { outcome } = await bench.engine.container.get(ChangeFactor).run({
    subject: await person.subject(),
    factorId: factor.id,
    makeDefault: true,
    origin: SYSTEM_ORIGIN,
  });
  hold(outcome === 'not-eligible', `making a recovery factor the default ended as ${outcome}`);
}

async function replacesItself(bench: FactorBench): Promise<void> {
  const person = await Person.make(bench);
  await person.giveStandIn();
  const before = await ofTestedType(bench, person);
  const { outcome } = await person.enrol();
  hold(outcome === 'enrolled', `a new set ended as ${outcome}`);
  const after = await ofTestedType(bench, person);
  hold(after.length === 1, `there are ${after.length} sets after a new one`);
  hold(after[0]?.id !== before[0]?.id, 'the set before is still there');
}

async function goesWithTheLast(bench: FactorBench): Promise<void> {
  const person = await Person.make(bench);
  const factorId = await person.giveStandIn();
  const removed = await bench.engine.container.get(RemoveFactor).run({
    subject: await person.subject(),
    factorId,
    origin: SYSTEM_ORIGIN,
  });
  hold(removed === 'removed', 'the last factor was not removed');
  hold((await ofTestedType(bench, person)).length === 0, 'a recovery factor outlived the last factor');
}
