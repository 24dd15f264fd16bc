import type { INestApplicationContext } from '@nestjs/common';
import { Database, SYSTEM_ORIGIN } from '@countersign/core';
import { type OpenedChallenge, SecondFactors, type VerifyChallengeResult } from '@countersign/factors';
import { hold } from '../contract-broken.js';
import type { AnswerBody, Asked } from '../factor-contract.js';
import type { FactorBench } from './factor-bench.js';
import { Person } from './person.js';

const NEXT_ANSWER_AFTER_MS = 30_000;

/** A tested factor in its owner's hands. */
export class ActiveFactor {
  #asked = 0;

  constructor(
    private readonly bench: FactorBench,
    readonly owner: Person,
    /** UUID. */
    readonly id: string,
    readonly shown: Readonly<Record<string, unknown>>,
  ) {}

  /** Brings a new person's factor to the state in which it answers challenges. */
  static async of(bench: FactorBench): Promise<ActiveFactor> {
    const owner = await Person.make(bench);
    // A recovery factor cannot be anybody's only one.
    if (bench.engine.registered.options.recovery === true) await owner.giveStandIn();
    const enrolled = await owner.enrol();
    hold(enrolled.outcome === 'enrolled', `enrolment with the contract's input ended as ${enrolled.outcome}`);
    const factor = new ActiveFactor(bench, owner, enrolled.factor.id, enrolled.show);
    if (enrolled.factor.status === 'pending') {
      const activated = await owner.activate(factor.id, await factor.rightAnswer(undefined));
      hold(
        activated.outcome === 'activated',
        `activation with the right answer ended as ${activated.outcome}`,
      );
      factor.waitForNextAnswer();
    }
    return factor;
  }

  /** Moves the clock until the owner has another right answer. */
  waitForNextAnswer(): void {
    this.bench.clock.advance(this.bench.contract.nextAnswerAfterMs ?? NEXT_ANSWER_AFTER_MS);
  }

  /** Opens a challenge, as a login does. */
  async challenge(
    container: INestApplicationContext = this.bench.engine.container,
  ): Promise<OpenedChallenge> {
    const step = await container.get(SecondFactors).begin(container.get(Database).direct, {
      purpose: 'login',
      subject: await this.owner.subject(),
      deviceToken: undefined,
    });
    hold(step.required, 'a login did not ask for the active factor');
    return step;
  }

  /** The right answer: to a challenge, or to the enrolment. */
  async rightAnswer(challenge: OpenedChallenge | undefined): Promise<AnswerBody> {
    const answer = await this.bench.contract.answer(await this.#ask(challenge));
    this.#asked += 1;
    return answer;
  }

  /** An answer that does not fit. */
  async wrongAnswer(challenge: OpenedChallenge | undefined): Promise<AnswerBody> {
    return this.bench.contract.wrongAnswer(await this.#ask(challenge));
  }

  /** Answers a challenge with this factor. */
  async answer(
    { challenge, tempToken }: OpenedChallenge,
    answer: AnswerBody,
    container: INestApplicationContext = this.bench.engine.container,
  ): Promise<VerifyChallengeResult<true>> {
    return container
      .get(SecondFactors)
      .verify<true>(
        { tempToken, challengeId: challenge.id, factorId: this.id, answer, origin: SYSTEM_ORIGIN },
        async () => true,
      );
  }

  async #ask(opened: OpenedChallenge | undefined): Promise<Asked> {
    return {
      shown: this.shown,
      challenge:
        opened === undefined
          ? undefined
          : await this.bench.shownChallenge(this.id, this.owner.id, opened.challenge.id),
      now: this.bench.clock.now(),
      nth: this.#asked,
    };
  }
}
