import { ActiveFactor } from '../bench/active-factor.js';
import type { FactorBench } from '../bench/factor-bench.js';
import { Person } from '../bench/person.js';
import { hold } from '../contract-broken.js';
import type { AnswerBody } from '../factor-contract.js';
import type { FactorRule } from '../factor-rule.js';
import { holds, randomTexts, SHORTEST_CANARY, textsIn } from './texts.js';

/** What a client sees. */
export const shownRules: readonly FactorRule[] = [
  {
    name: 'a challenge shows neither its answer nor a part of the secret',
    binds: 'all',
    kind: 'answered',
    check: challengesGiveNothingAway,
  },
  {
    name: 'enrolment shows no more of answers and secret than the owner reads',
    binds: 'all',
    kind: 'answered',
    check: enrolmentShowsWhatIsRead,
  },
];

// A code of a few digits is found among others by chance, but not twice.
const SHORTEST_ANSWER = 3;
const SHORTEST_PART = 12;

async function challengesGiveNothingAway(bench: FactorBench): Promise<void> {
  const factor = await ActiveFactor.of(bench);
  const seen: { readonly shown: unknown; readonly answer: AnswerBody }[] = [];
  for (const _time of ['once', 'twice']) {
    const challenge = await factor.challenge();
    const answer = await factor.rightAnswer(challenge);
    seen.push({ shown: factor.shownBy(challenge), answer });
    await factor.answer(challenge, answer);
    factor.waitForNextAnswer();
  }
  hold(
    !seen.every(({ shown, answer }) => isAnsweredBy(answer, shown)),
    'challenge() shows the right answer, alone or in a link: anybody with the password sees it. Show what the ' +
      'question is; the answer comes from what only the owner has',
  );
  const secrets = (await randomTexts(bench, factor)).filter((text) => !isIdentifier(text, seen));
  for (const { shown } of seen) {
    const part = secrets.find((text) => holds(shown, text) || textsIn(shown).some(isPartOf(text)));
    hold(
      part === undefined,
      'challenge() shows a part of the secret: anybody with the password sees it. Keep in the secret what decides, ' +
        'and show nothing of it',
    );
  }
}

async function enrolmentShowsWhatIsRead(bench: FactorBench): Promise<void> {
  const owner = await Person.make(bench);
  if (bench.engine.registered.options.recovery === true) await owner.giveStandIn();
  const enrolled = await owner.enrol();
  hold(enrolled.outcome === 'enrolled', `enrolment with the contract's input ended as ${enrolled.outcome}`);
  const factor = new ActiveFactor(bench, owner, enrolled.factor.id, enrolled.show);
  const pending = enrolled.factor.status === 'pending';
  const first = await factor.rightAnswer(undefined);
  if (pending) await owner.activate(factor.id, first);
  factor.waitForNextAnswer();
  await factor.rightAnswer(await factor.challenge());

  const unread = Object.entries(enrolled.show).filter(([field]) => !factor.read.has(field));
  const read = Object.entries(enrolled.show).filter(([field]) => factor.read.has(field));
  const secrets = (await randomTexts(bench, factor)).filter((text) => !holds(read, text));
  for (const [field, shown] of unread) {
    hold(
      isAnsweredBy(first, read) || !isAnsweredBy(first, shown),
      `enrolment shows the answer that activates it in “${field}”, though its owner gets that elsewhere: anybody ` +
        'could activate it. Leave it out of show',
    );
    hold(
      !secrets.some((text) => holds(shown, text)),
      `enrolment shows a part of the secret in “${field}”, which its owner does not read: leave it out of show`,
    );
  }
}

/** Whether all of an answer that cannot be known beforehand stands in what is shown. */
function isAnsweredBy(answer: AnswerBody, shown: unknown): boolean {
  const texts = textsIn(answer)
    .map(([, text]) => text)
    .filter((text) => text.length >= SHORTEST_ANSWER);
  return texts.length > 0 && texts.every((text) => holds(shown, text));
}

// What its owner sends in the open with each answer, such as a credential's id.
function isIdentifier(text: string, seen: readonly { readonly answer: AnswerBody }[]): boolean {
  return seen.every(({ answer }) => Object.keys(answer).length > 0 && holds(answer, text));
}

function isPartOf(secret: string): (shown: [path: string, text: string]) => boolean {
  return ([, text]) => text.length >= Math.max(SHORTEST_CANARY, SHORTEST_PART) && secret.includes(text);
}
