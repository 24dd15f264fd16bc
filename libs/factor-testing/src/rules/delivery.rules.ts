import { SYSTEM_ORIGIN } from '@countersign/core';
import { isRefused } from '@countersign/factor-kit';
import { SendChallenge } from '@countersign/factors';
import { ActiveFactor } from '../bench/active-factor.js';
import type { FactorBench } from '../bench/factor-bench.js';
import { Person } from '../bench/person.js';
import { circumstances } from '../circumstances.js';
import { hold } from '../contract-broken.js';
import type { FactorRule } from '../factor-rule.js';

/** Factors whose codes are sent. */
export const deliveryRules: readonly FactorRule[] = [
  { name: 'it names a recipient on its own channel', binds: 'all', kind: 'delivered', check: namesRecipient },
  {
    name: 'its recipient follows from what is enrolled',
    binds: 'all',
    kind: 'delivered',
    check: recipientFollows,
  },
  {
    name: 'enrolment shows where the code went, and not the address itself',
    binds: 'all',
    kind: 'delivered',
    check: showsMaskedAddress,
  },
  {
    name: "a code fits its own user's challenge only",
    binds: 'all',
    kind: 'delivered',
    check: codesBelongToTheirUser,
  },
  {
    name: 'when it cannot say where the code goes, nothing is sent and nobody is locked out',
    binds: 'all',
    kind: 'delivered',
    check: failureSendsNothing,
  },
];

async function namesRecipient(bench: FactorBench): Promise<void> {
  const factor = await ActiveFactor.of(bench);
  const [to = ''] = factor.addresses();
  hold(to !== '', 'the recipient has no address');
}

async function recipientFollows(bench: FactorBench): Promise<void> {
  const { input = {}, anotherInput } = bench.contract;
  const others = anotherInput === undefined ? variantsOf(input) : [anotherInput];
  const own = [
    await recipientOf(bench, input, 'one@example.com'),
    await recipientOf(bench, input, 'two@example.com'),
  ];
  const theirs = await Promise.all(others.map((other) => recipientOf(bench, other, 'one@example.com')));
  const known = theirs.filter((to) => to !== undefined);
  // Input of which no other spelling is accepted tells nothing.
  if (Object.keys(input).length > 0 && known.length === 0) return;
  hold(
    new Set([...own, ...known]).size > 1,
    'the recipient is always the same: its owner could read the codes of all users. Make ' +
      'the secret of the input or of at.account, and the recipient of the secret',
  );
}

/** Where codes would go; `undefined` where the provider refuses the input. */
async function recipientOf(
  { clock, engine }: FactorBench,
  fields: Readonly<Record<string, unknown>>,
  account: string,
): Promise<string | undefined> {
  const { provider } = engine.registered;
  if (provider.kind !== 'delivered') return undefined;
  try {
    const parsed = await provider.input['~standard'].validate(fields);
    if (parsed.issues !== undefined) return undefined;
    const secret = await provider.address(parsed.value, circumstances({ account, now: clock.now() }));
    return isRefused(secret) ? undefined : provider.recipient(secret).to;
  } catch {
    return undefined;
  }
}

/** The same input with another last digit, or another first letter, in one of its texts. */
function variantsOf(input: Readonly<Record<string, unknown>>): Record<string, unknown>[] {
  return Object.entries(input).flatMap(([field, value]) => {
    if (typeof value !== 'string') return [];
    const byDigit = value.replace(/\d(?=\D*$)/, (digit) => String((Number(digit) + 1) % 10));
    const byLetter = value.replace(/[a-z]/i, (letter) => (letter.toLowerCase() === 'q' ? 'k' : 'q'));
    return [byDigit, byLetter]
      .filter((other) => other !== value)
      .map((other) => ({ ...input, [field]: other }));
  });
}

async function showsMaskedAddress(bench: FactorBench): Promise<void> {
  const owner = await Person.make(bench);
  const enrolled = await owner.enrol();
  hold(enrolled.outcome === 'enrolled', `enrolment with the contract's input ended as ${enrolled.outcome}`);
  const factor = new ActiveFactor(bench, owner, enrolled.factor.id, enrolled.show);
  const [to = ''] = factor.addresses();
  const { sentTo } = enrolled.show;
  hold(typeof sentTo === 'string' && sentTo !== '', 'enrolment does not show where the code went');
  hold(!JSON.stringify([enrolled.show, enrolled.factor]).includes(to), 'enrolment shows the whole address');
}

async function codesBelongToTheirUser(bench: FactorBench): Promise<void> {
  const [mine, theirs] = [await ActiveFactor.of(bench), await ActiveFactor.of(bench)];
  const [myChallenge, theirChallenge] = [await mine.challenge(), await theirs.challenge()];
  const myCode = await mine.rightAnswer(myChallenge);
  const stolen = await theirs.answer(theirChallenge, myCode);
  hold(stolen.outcome === 'rejected', `a code of somebody else's challenge ended as ${stolen.outcome}`);
  const own = await mine.answer(myChallenge, myCode);
  hold(own.outcome === 'accepted', `a code that somebody else tried first ended as ${own.outcome}`);
}

async function failureSendsNothing(bench: FactorBench): Promise<void> {
  const { container, registered } = bench.engine;
  const { provider } = registered;
  if (provider.kind !== 'delivered') return;
  const factor = await ActiveFactor.of(bench);
  const challenge = await factor.challenge();
  const recipient = provider.recipient.bind(provider);
  provider.recipient = () => {
    throw new Error('the provider fails');
  };
  try {
    const { outcome } = await container.get(SendChallenge).run({
      application: bench.application,
      opening: challenge.opening,
      challengeId: challenge.challenge.id,
      factorId: factor.id,
      origin: SYSTEM_ORIGIN,
    });
    hold(outcome === 'failed', `a send whose recipient throws ended as ${outcome}`);
  } finally {
    provider.recipient = recipient;
  }
  const { outcome } = await factor.answer(challenge, await factor.rightAnswer(challenge));
  hold(outcome === 'accepted', `the code that was sent before ended as ${outcome}`);
}
