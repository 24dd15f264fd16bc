import type { INestApplicationContext } from '@nestjs/common';
import { Database, publicId, SYSTEM_ORIGIN } from '@countersign/core';
import type { ShownChallenge } from '@countersign/factor-kit';
import {
  type OpenedChallenge,
  SecondFactors,
  SendChallenge,
  type SendChallengeResult,
  type VerifyChallengeResult,
} from '@countersign/factors';
import { hold } from '../contract-broken.js';
import type { AnswerBody, Asked } from '../factor-contract.js';
import type { FactorBench } from './factor-bench.js';
import { newestCode } from './newest-code.js';
import { Person } from './person.js';

const NEXT_ANSWER_AFTER_MS = 30_000;

/** What reached the owner with a challenge: what the client was shown, or the code that was sent. */
interface Reached {
  readonly shown: ShownChallenge;
  readonly code: string | undefined;
}

/** A tested factor in its owner's hands. */
export class ActiveFactor {
  #asked = 0;
  readonly #reached = new Map<string, Reached>();
  readonly #enrolmentCode: string | undefined;
  /** Challenges take turns, so that each knows the code that came with it. */
  #turn: Promise<unknown> = Promise.resolve();

  /** The fields of what enrolment showed that its owner has looked at. */
  readonly read = new Set<string>();
  readonly #shown: Readonly<Record<string, unknown>>;

  constructor(
    private readonly bench: FactorBench,
    readonly owner: Person,
    /** UUID. */
    readonly id: string,
    shown: Readonly<Record<string, unknown>>,
  ) {
    this.#shown = watched(shown, this.read);
    const [to] = this.addresses();
    if (to !== undefined) this.#enrolmentCode = newestCode(bench.engine.container, to);
  }

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

  /** Where this factor's codes go; nowhere where none are sent. */
  addresses(): string[] {
    const { registered, observed } = this.bench.engine;
    if (registered.provider.kind !== 'delivered') return [];
    const secret: unknown = structuredClone(observed.enrolled.get(publicId('fac', this.id)));
    return [registered.provider.recipient(secret).to];
  }

  /** Moves the clock until the owner has another right answer. */
  waitForNextAnswer(): void {
    this.bench.clock.advance(this.bench.contract.nextAnswerAfterMs ?? NEXT_ANSWER_AFTER_MS);
  }

  /** Opens a challenge, as a login does, and lets this factor challenge its owner. */
  async challenge(
    container: INestApplicationContext = this.bench.engine.container,
  ): Promise<OpenedChallenge> {
    const opening = this.#turn.then(() => this.#challenge(container));
    this.#turn = opening.catch(() => undefined);
    return opening;
  }

  /** The right answer: to a challenge, or to the enrolment. */
  async rightAnswer(challenge: OpenedChallenge | undefined): Promise<AnswerBody> {
    const { contract } = this.bench;
    const answer =
      contract.answer === undefined
        ? { code: this.#code(challenge) }
        : await contract.answer(this.#ask(challenge));
    this.#asked += 1;
    return answer;
  }

  /** An answer that does not fit. */
  async wrongAnswer(challenge: OpenedChallenge | undefined): Promise<AnswerBody> {
    const { contract } = this.bench;
    if (contract.answer !== undefined) return contract.wrongAnswer(this.#ask(challenge));
    return { code: String((Number(this.#code(challenge)) + 1) % 1_000_000).padStart(6, '0') };
  }

  /** Answers a challenge with this factor. */
  async answer(
    { challenge, opening }: OpenedChallenge,
    answer: AnswerBody,
    container: INestApplicationContext = this.bench.engine.container,
  ): Promise<VerifyChallengeResult<true>> {
    return container
      .get(SecondFactors)
      .verify<true>(
        { opening, challengeId: challenge.id, factorId: this.id, answer, origin: SYSTEM_ORIGIN },
        async () => true,
      );
  }

  /** What a challenge showed. */
  shownBy({ challenge }: OpenedChallenge): ShownChallenge {
    return this.#reached.get(challenge.id)?.shown ?? {};
  }

  /** Opens a challenge, as a login does, and asks nothing of this factor yet. */
  async open(container: INestApplicationContext = this.bench.engine.container): Promise<OpenedChallenge> {
    const step = await container.get(SecondFactors).begin(container.get(Database).direct, {
      purpose: 'login',
      subject: await this.owner.subject(),
      deviceToken: undefined,
      origin: SYSTEM_ORIGIN,
    });
    hold(step.required, 'a login did not ask for the active factor');
    return step;
  }

  /** Lets this factor challenge its owner. */
  async send(
    { challenge, opening }: OpenedChallenge,
    container: INestApplicationContext = this.bench.engine.container,
  ): Promise<SendChallengeResult> {
    return container.get(SendChallenge).run({
      application: this.bench.application,
      opening,
      challengeId: challenge.id,
      factorId: this.id,
      origin: SYSTEM_ORIGIN,
    });
  }

  async #challenge(container: INestApplicationContext): Promise<OpenedChallenge> {
    const step = await this.open(container);
    // A login sends at once where there is nothing else to choose.
    const show = step.challenge.sent === undefined ? await this.#send(container, step) : {};
    const [to] = this.addresses();
    const code = to === undefined ? undefined : newestCode(container, to);
    this.#reached.set(step.challenge.id, { shown: show, code });
    return step;
  }

  async #send(container: INestApplicationContext, opened: OpenedChallenge): Promise<ShownChallenge> {
    // A pending factor is not among those that a challenge offers.
    if (opened.challenge.factors.every(({ id }) => id !== this.id)) return {};
    const result = await this.send(opened, container);
    hold(
      ['shown', 'sent', 'nothing-to-send'].includes(result.outcome),
      `asking the factor to challenge its user ended as ${result.outcome}`,
    );
    return result.outcome === 'shown' ? result.show : {};
  }

  #code(opened: OpenedChallenge | undefined): string {
    const code = opened === undefined ? this.#enrolmentCode : this.#reached.get(opened.challenge.id)?.code;
    hold(code !== undefined, 'no code reached the recipient');
    return code;
  }

  #ask(opened: OpenedChallenge | undefined): Asked {
    return {
      shown: this.#shown,
      challenge: opened === undefined ? undefined : this.shownBy(opened),
      now: this.bench.clock.now(),
      nth: this.#asked,
    };
  }
}

// One object for each factor: contracts may remember things by it.
function watched(
  shown: Readonly<Record<string, unknown>>,
  read: Set<string>,
): Readonly<Record<string, unknown>> {
  return new Proxy(shown, {
    get(target, field, receiver) {
      if (typeof field === 'string') read.add(field);
      return Reflect.get(target, field, receiver) as unknown;
    },
  });
}
