import { isDeepStrictEqual } from 'node:util';
import { Database, publicId, SYSTEM_ORIGIN } from '@countersign/core';
import { SecondFactors } from '@countersign/factors';
import { ActiveFactor } from '../bench/active-factor.js';
import type { FactorBench } from '../bench/factor-bench.js';
import { Person } from '../bench/person.js';
import { hold } from '../contract-broken.js';
import type { FactorRule } from '../factor-rule.js';

/** From enrolment to activation. */
export const enrolmentRules: readonly FactorRule[] = [
  { name: 'it is unusable before its activation', binds: 'proper', check: unusableBeforeActivation },
  { name: 'only a right answer activates it', binds: 'proper', check: onlyRightAnswersActivate },
  { name: 'five wrong answers end its enrolment', binds: 'proper', check: enrolmentHasFiveTries },
  {
    name: 'its secret survives a trip through JSON and its own schema',
    binds: 'all',
    check: secretRoundTrips,
  },
  {
    name: 'what only servers may say is not taken from users',
    binds: 'proper',
    kind: 'answered',
    check: serversSayMore,
  },
];

const TRIES = 5;

async function pending(bench: FactorBench): Promise<ActiveFactor> {
  const owner = await Person.make(bench);
  const enrolled = await owner.enrol();
  hold(enrolled.outcome === 'enrolled', `enrolment with the contract's input ended as ${enrolled.outcome}`);
  hold(enrolled.factor.status === 'pending', 'a new factor is not pending');
  return new ActiveFactor(bench, owner, enrolled.factor.id, enrolled.show);
}

async function unusableBeforeActivation(bench: FactorBench): Promise<void> {
  const factor = await pending(bench);
  const { container } = bench.engine;
  const step = await container.get(SecondFactors).begin(container.get(Database).direct, {
    purpose: 'login',
    subject: await factor.owner.subject(),
    deviceToken: undefined,
    origin: SYSTEM_ORIGIN,
  });
  hold(!step.required, 'a login asks for a factor that is still pending');

  const another = await Person.make(bench);
  await another.giveStandIn();
  const enrolled = await another.enrol();
  hold(enrolled.outcome === 'enrolled', `a second factor's enrolment ended as ${enrolled.outcome}`);
  const second = new ActiveFactor(bench, another, enrolled.factor.id, enrolled.show);
  const challenge = await second.challenge();
  // What would activate it is all that its owner has: a challenge does not ask for it.
  const result = await second.answer(challenge, await second.rightAnswer(undefined));
  hold(
    result.outcome === 'no-such-factor',
    `a pending factor's answer to a challenge ended as ${result.outcome}`,
  );
}

async function onlyRightAnswersActivate(bench: FactorBench): Promise<void> {
  const factor = await pending(bench);
  const wrong = await factor.owner.activate(factor.id, await factor.wrongAnswer(undefined));
  hold(wrong.outcome === 'rejected', `activation with a wrong answer ended as ${wrong.outcome}`);
  const right = await factor.owner.activate(factor.id, await factor.rightAnswer(undefined));
  hold(right.outcome === 'activated', `activation with the right answer ended as ${right.outcome}`);
  hold(right.factor.isDefault, "a user's first factor is not their default one");
}

async function enrolmentHasFiveTries(bench: FactorBench): Promise<void> {
  const factor = await pending(bench);
  for (let tries = 0; tries < TRIES; tries += 1) {
    const wrong = await factor.owner.activate(factor.id, await factor.wrongAnswer(undefined));
    hold(wrong.outcome === 'rejected', `wrong answer ${tries + 1} to an enrolment ended as ${wrong.outcome}`);
  }
  const late = await factor.owner.activate(factor.id, await factor.rightAnswer(undefined));
  hold(late.outcome === 'over', `a right answer after five wrong ones ended as ${late.outcome}`);
}

async function secretRoundTrips(bench: FactorBench): Promise<void> {
  const factor = await ActiveFactor.of(bench);
  const challenge = await factor.challenge();
  await factor.answer(challenge, await factor.wrongAnswer(challenge));
  const { observed, registered } = bench.engine;
  const id = publicId('fac', factor.id);
  const enrolled = observed.enrolled.get(id);
  const given = registered.provider.kind === 'answered' ? observed.given.get(id) : observed.addressed;
  const parsed = await registered.provider.secret['~standard'].validate(given);
  hold(parsed.issues === undefined, 'the secret that the engine kept does not fit the secret schema');
  hold(isDeepStrictEqual(parsed.value, given), 'the secret schema makes something else of a kept secret');
  hold(
    isDeepStrictEqual(JSON.parse(JSON.stringify(enrolled)), enrolled),
    'the secret that enrolment made does not survive JSON (a Date, bigint, undefined or Uint8Array in it?)',
  );
}

async function serversSayMore(bench: FactorBench): Promise<void> {
  const { serverInput } = bench.contract;
  const { provider } = bench.engine.registered;
  if (serverInput === undefined || provider.kind !== 'answered') return;
  hold(provider.serverInput !== undefined, 'the contract names serverInput, and the provider has none');
  const user = await (await Person.make(bench)).enrol(serverInput);
  hold(
    user.outcome === 'malformed' || (user.outcome === 'enrolled' && user.factor.status === 'pending'),
    `an enrolment by a user with what only servers may say ended as ${user.outcome}`,
  );
  const server = await (await Person.make(bench)).enrol(serverInput, undefined, 'server');
  hold(
    server.outcome === 'enrolled',
    `an enrolment by a server with its serverInput ended as ${server.outcome}`,
  );
}
