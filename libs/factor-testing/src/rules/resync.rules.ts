import { SYSTEM_ORIGIN } from '@countersign/core';
import { ResyncFactor } from '@countersign/factors';
import { ActiveFactor } from '../bench/active-factor.js';
import type { FactorBench } from '../bench/factor-bench.js';
import { Person } from '../bench/person.js';
import { hold } from '../contract-broken.js';
import type { AnswerBody } from '../factor-contract.js';
import type { FactorRule } from '../factor-rule.js';

/** Finding a device again. */
export const resyncRules: readonly FactorRule[] = [
  {
    name: 'its resync, where it has one, accepts two right answers in a row and nothing else',
    binds: 'all',
    kind: 'answered',
    check: resyncIsNoWayIn,
  },
  {
    name: 'two answers, where they activate it, do so only where both are right',
    binds: 'proper',
    kind: 'answered',
    check: twoAnswersActivate,
  },
];

async function resyncIsNoWayIn(bench: FactorBench): Promise<void> {
  const { provider } = bench.engine.registered;
  if (provider.kind !== 'answered' || provider.resync === undefined) return;
  const factor = await ActiveFactor.of(bench);
  const wrong = codeOf(await factor.wrongAnswer(undefined));
  const right = codeOf(await factor.rightAnswer(undefined));
  const unfit: [string, readonly [string, string]][] = [
    ['two wrong answers', [wrong, wrong]],
    ['a right and a wrong answer', [right, wrong]],
    ['a wrong and a right answer', [wrong, right]],
    ['the same answer twice', [right, right]],
  ];
  for (const [what, codes] of unfit) {
    const outcome = await resync(bench, factor, codes);
    hold(
      outcome === 'rejected',
      `resync of ${what} ended as ${outcome}: anybody with the password could make any device the right one. Accept ` +
        'two answers only where the second follows the first',
    );
  }
  factor.waitForNextAnswer();
  const first = codeOf(await factor.rightAnswer(undefined));
  factor.waitForNextAnswer();
  const second = codeOf(await factor.rightAnswer(undefined));
  const outcome = await resync(bench, factor, [first, second]);
  hold(
    outcome === 'resynced',
    `resync of two right answers in a row ended as ${outcome}: accept them, with the second one's step as fresh`,
  );
  const spent = await factor.answer(await factor.challenge(), { code: second });
  hold(
    spent.outcome === 'rejected',
    `an answer that resync took ended as ${spent.outcome} at a challenge: name the second one's step as fresh`,
  );
}

async function twoAnswersActivate(bench: FactorBench): Promise<void> {
  const { provider } = bench.engine.registered;
  if (provider.kind !== 'answered' || provider.confirmInRow === undefined) return;
  const owner = await Person.make(bench);
  const enrolled = await owner.enrol();
  hold(enrolled.outcome === 'enrolled', `enrolment with the contract's input ended as ${enrolled.outcome}`);
  const factor = new ActiveFactor(bench, owner, enrolled.factor.id, enrolled.show);
  const wrong = codeOf(await factor.wrongAnswer(undefined));
  const first = codeOf(await factor.rightAnswer(undefined));
  factor.waitForNextAnswer();
  const second = codeOf(await factor.rightAnswer(undefined));
  const activate = async (...codes: [string, string]): Promise<string> =>
    (await owner.activate(factor.id, { codes })).outcome;
  for (const codes of [
    [wrong, wrong],
    [first, wrong],
    [wrong, second],
  ] as const) {
    const outcome = await activate(...codes);
    hold(
      outcome === 'rejected',
      `activation by two answers of which one is wrong ended as ${outcome}: accept them only where the second follows ` +
        'the first',
    );
  }
  const outcome = await activate(first, second);
  hold(outcome === 'activated', `activation by two right answers in a row ended as ${outcome}: accept them`);
}

async function resync(
  bench: FactorBench,
  factor: ActiveFactor,
  codes: readonly [string, string],
): Promise<string> {
  const { outcome } = await bench.engine.container.get(ResyncFactor).run({
    subject: await factor.owner.subject(),
    factorId: factor.id,
    codes,
    origin: SYSTEM_ORIGIN,
  });
  return outcome;
}

function codeOf({ code }: AnswerBody): string {
  hold(typeof code === 'string', 'resync takes answers of the form { code } only: leave resync out');
  return code;
}
