import type { AnsweredFactor } from '@countersign/factor-kit';
import type { VerifyChallengeResult } from '@countersign/factors';
import { ActiveFactor } from '../bench/active-factor.js';
import { ANSWERS_PER_USER } from '../bench/engine.js';
import { wrongAnswersLookedAt } from '../bench/everything-written.js';
import type { FactorBench } from '../bench/factor-bench.js';
import { hold } from '../contract-broken.js';
import type { FactorRule } from '../factor-rule.js';

const TRIES = 5;
const AT_ONCE = 16;

/** What becomes of answers. */
export const answerRules: readonly FactorRule[] = [
  { name: 'a right answer passes, and later the next one', binds: 'all', check: rightAnswersPass },
  { name: 'a wrong answer is a verdict', binds: 'all', check: wrongAnswersAreVerdicts },
  { name: 'the same answer on another challenge fails', binds: 'all', check: answersAreSpent },
  {
    name: "an answer fits its own user's factor only",
    binds: 'all',
    kind: 'answered',
    check: answersBelongToTheirUser,
  },
  {
    name: `${AT_ONCE} right answers to one challenge at once give one success`,
    binds: 'all',
    check: oneSuccessPerChallenge,
  },
  {
    name: `the same right answer to ${AT_ONCE} challenges at once gives one success`,
    binds: 'all',
    check: oneSuccessPerAnswer,
  },
  { name: 'wrong answers stop at the cap', binds: 'all', check: wrongAnswersStop },
  { name: 'another instance decides alike', binds: 'all', check: instancesAgree },
  { name: 'it leaves the secret that it is given as it is', binds: 'all', check: secretsAreLeftAlone },
];

async function rightAnswersPass(bench: FactorBench): Promise<void> {
  const factor = await ActiveFactor.of(bench);
  for (const which of ['the', 'the next']) {
    const challenge = await factor.challenge();
    const { outcome } = await factor.answer(challenge, await factor.rightAnswer(challenge));
    hold(outcome === 'accepted', `${which} right answer ended as ${outcome}`);
    factor.waitForNextAnswer();
  }
}

async function wrongAnswersAreVerdicts(bench: FactorBench): Promise<void> {
  const factor = await ActiveFactor.of(bench);
  const challenge = await factor.challenge();
  const { outcome } = await factor.answer(challenge, await factor.wrongAnswer(challenge));
  hold(outcome === 'rejected', `a wrong answer ended as ${outcome}`);
  const right = await factor.answer(challenge, await factor.rightAnswer(challenge));
  hold(right.outcome === 'accepted', `a right answer after a wrong one ended as ${right.outcome}`);
}

async function answersAreSpent(bench: FactorBench): Promise<void> {
  const factor = await ActiveFactor.of(bench);
  const first = await factor.challenge();
  const answer = await factor.rightAnswer(first);
  const { outcome } = await factor.answer(first, answer);
  hold(outcome === 'accepted', `the right answer ended as ${outcome}`);
  const again = await factor.answer(await factor.challenge(), answer);
  hold(
    again.outcome === 'rejected',
    `an answer that was spent ended as ${again.outcome} on another challenge`,
  );
  const samePlace = await factor.answer(first, answer);
  hold(samePlace.outcome === 'closed', `a challenge that was answered ended as ${samePlace.outcome}`);
}

async function answersBelongToTheirUser(bench: FactorBench): Promise<void> {
  const [mine, theirs] = [await ActiveFactor.of(bench), await ActiveFactor.of(bench)];
  const theirChallenge = await theirs.challenge();
  // The last one: where messages are sent, the contract answers by the newest.
  const myChallenge = await mine.challenge();
  const answer = await mine.rightAnswer(myChallenge);
  const stolen = await theirs.answer(theirChallenge, answer);
  hold(
    stolen.outcome === 'rejected',
    `an answer of one user ended as ${stolen.outcome} at another user's challenge, where nothing was approved: hold ` +
      'it against the secret that verify is given, and take what is not there for a mismatch',
  );
  const own = await mine.answer(myChallenge, answer);
  hold(own.outcome === 'accepted', `an answer that somebody else tried first ended as ${own.outcome}`);
}

async function oneSuccessPerChallenge(bench: FactorBench): Promise<void> {
  const factor = await ActiveFactor.of(bench);
  const challenge = await factor.challenge();
  const answer = await factor.rightAnswer(challenge);
  const results = await Promise.all(Array.from({ length: AT_ONCE }, () => factor.answer(challenge, answer)));
  holdOneSuccess(results);
}

async function oneSuccessPerAnswer(bench: FactorBench): Promise<void> {
  const factor = await ActiveFactor.of(bench);
  const first = await factor.challenge();
  const answer = await factor.rightAnswer(first);
  const others = await Promise.all(Array.from({ length: AT_ONCE - 1 }, () => factor.challenge()));
  holdOneSuccess(await Promise.all([first, ...others].map((challenge) => factor.answer(challenge, answer))));
}

function holdOneSuccess(results: readonly VerifyChallengeResult<true>[]): void {
  const successes = results.filter(({ outcome }) => outcome === 'accepted').length;
  hold(successes === 1, `${results.length} answers at once gave ${successes} successes`);
}

async function wrongAnswersStop(bench: FactorBench): Promise<void> {
  const factor = await ActiveFactor.of(bench);
  // One answer has activated the factor, or for a recovery factor the one that it stands in for.
  const budget = ANSWERS_PER_USER - 1;
  for (let given = 0; given < ANSWERS_PER_USER; given += TRIES) {
    const challenge = await factor.challenge();
    const answer = await factor.wrongAnswer(challenge);
    const results = await Promise.all(
      Array.from({ length: TRIES + 3 }, () => factor.answer(challenge, answer)),
    );
    const looked = results.filter(({ outcome }) => outcome === 'rejected').length;
    hold(looked <= TRIES, `${looked} wrong answers to one challenge were looked at`);
    if (given === 0) {
      const late = await factor.answer(challenge, await factor.rightAnswer(challenge));
      hold(late.outcome === 'closed', `a right answer after ${TRIES} wrong ones ended as ${late.outcome}`);
    }
  }
  const challenge = await factor.challenge();
  const late = await factor.answer(challenge, await factor.rightAnswer(challenge));
  hold(late.outcome === 'limited', `a right answer past the user's budget ended as ${late.outcome}`);
  const looked = await wrongAnswersLookedAt(bench, factor.owner.id);
  hold(looked === budget, `${looked} wrong answers of one user were looked at, not ${budget}`);
}

async function instancesAgree(bench: FactorBench): Promise<void> {
  const factor = await ActiveFactor.of(bench);
  const { container, registered } = await bench.anotherInstance();
  const challenge = await factor.challenge(container);
  const wrong = await factor.answer(challenge, await factor.wrongAnswer(challenge), container);
  hold(wrong.outcome === 'rejected', `on another instance a wrong answer ended as ${wrong.outcome}`);
  const right = await factor.answer(challenge, await factor.rightAnswer(challenge), container);
  hold(
    right.outcome === 'accepted',
    `on another instance the right answer ended as ${right.outcome}: what decides must be in the secret`,
  );
  if (registered.provider.kind === 'answered') await instancesShare(bench, registered.provider);
}

// Behind a balancer the answer arrives at another instance than the one that asked.
async function instancesShare(bench: FactorBench, elsewhere: AnsweredFactor): Promise<void> {
  const { observed } = bench.engine;
  const factor = await ActiveFactor.of(bench);
  const challenge = await factor.challenge();
  observed.elsewhere = elsewhere;
  try {
    const wrong = await factor.answer(challenge, await factor.wrongAnswer(challenge));
    hold(
      wrong.outcome === 'rejected',
      `on the instance that did not ask a wrong answer ended as ${wrong.outcome}`,
    );
    const right = await factor.answer(challenge, await factor.rightAnswer(challenge));
    hold(
      right.outcome === 'accepted',
      `on the instance that did not ask the right answer ended as ${right.outcome}: what challenge() keeps in the ` +
        'instance is not there when the answer comes. Derive it from the secret and at.nonce',
    );
  } finally {
    observed.elsewhere = undefined;
  }
}

async function secretsAreLeftAlone(bench: FactorBench): Promise<void> {
  const factor = await ActiveFactor.of(bench);
  const challenge = await factor.challenge();
  await factor.answer(challenge, await factor.wrongAnswer(challenge));
  await factor.answer(challenge, await factor.rightAnswer(challenge));
  const changing = [...bench.engine.observed.changedInPlace].join(' and ');
  hold(changing === '', `${changing} changed the secret in place; return the new one in the verdict instead`);
}
