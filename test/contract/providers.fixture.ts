import {
  AnsweredFactor,
  type Circumstances,
  type Enrolment,
  FactorProvider,
  type FactorProviderOptions,
  type Freshness,
  MISMATCH,
  type Verdict,
} from '@countersign/factor-kit';
import type { AnsweredContract } from '@countersign/factor-testing';
import { Injectable } from '@nestjs/common';
import { createHmac, randomBytes } from 'node:crypto';
import { z } from 'zod';

const Input = z.strictObject({});
const CardSecret = z.strictObject({ key: z.string() });
const Answer = z.strictObject({ code: z.string().max(64) });

export type CardSecret = z.output<typeof CardSecret>;
export type Answered = z.output<typeof Answer>;

interface CardShapes {
  input: typeof Input;
  secret: typeof CardSecret;
  answer: typeof Answer;
}

/** What a card has at a position, or for a challenge. */
export function macOf({ key }: CardSecret, message: string | Uint8Array): string {
  return createHmac('sha256', key).update(message).digest('base64url');
}

/**
 * A card with a numbered list of codes: a right provider, and the base of the wrong ones, each of which breaks one
 * thing.
 */
export abstract class CardFactor extends AnsweredFactor<CardShapes> {
  override readonly title: string = 'Card';
  override readonly input = Input;
  override readonly secret: typeof CardSecret = CardSecret;
  override readonly answer = Answer;

  override enrol(_input: z.output<typeof Input>, _at: Circumstances): Enrolment<CardSecret> {
    const secret = { key: randomBytes(24).toString('base64url') };
    return { secret, show: { codes: [0, 1, 2, 3, 4].map((position) => macOf(secret, String(position))) } };
  }

  override confirm(
    secret: CardSecret,
    answer: Answered,
    at: Circumstances,
  ): Verdict<CardSecret> | Promise<Verdict<CardSecret>> {
    return this.verify(secret, answer, at);
  }

  override verify(
    secret: CardSecret,
    { code }: Answered,
    _at: Circumstances,
  ): Verdict<CardSecret> | Promise<Verdict<CardSecret>> {
    const position = [0, 1, 2, 3, 4].findIndex((each) => macOf(secret, String(each)) === code);
    return position === -1 ? MISMATCH : { accepted: true, fresh: this.freshness(position) };
  }

  protected freshness(position: number): Freshness {
    return { token: String(position) };
  }

  override publicView(_secret: CardSecret): { hint: string } {
    return { hint: 'card' };
  }
}

/** The contract of every card. */
export function contractOf(provider: AnsweredContract['provider']): AnsweredContract {
  return {
    provider,
    answer: ({ shown, nth }) => ({ code: z.array(z.string()).parse(shown['codes'])[nth] }),
    wrongAnswer: () => ({ code: 'not on the card' }),
    nextAnswerAfterMs: 1_000,
  };
}

/** What every card is declared as. */
export const card: FactorProviderOptions = { type: 'card', contract: 1, amr: ['otp'] };

/** Breaks nothing: each code counts once. */
@FactorProvider(card)
@Injectable()
export class TokenCard extends CardFactor {}

/** Breaks nothing: codes are used in order. */
@FactorProvider(card)
@Injectable()
export class StepCard extends CardFactor {
  protected override freshness(position: number): Freshness {
    return { step: BigInt(position) };
  }
}

/** Breaks nothing: a wrong answer throws, which the engine takes as a refusal. */
@FactorProvider(card)
@Injectable()
export class ThrowingCard extends CardFactor {
  override verify(secret: CardSecret, answer: Answered, at: Circumstances): Verdict<CardSecret> {
    const verdict = super.verify(secret, answer, at);
    if (verdict instanceof Promise || !verdict.accepted) throw new Error(`no such code: ${answer.code}`);
    return verdict;
  }
}

/** Breaks nothing: the owner's device makes the answer of its key and the challenge's own nonce. */
@FactorProvider(card)
@Injectable()
export class NonceCard extends CardFactor {
  override enrol(_input: z.output<typeof Input>, at: Circumstances): Enrolment<CardSecret> {
    const secret = { key: randomBytes(24).toString('base64url') };
    return { secret, show: { key: secret.key, question: Buffer.from(at.nonce).toString('base64url') } };
  }

  override challenge(_secret: CardSecret, at: Circumstances): Readonly<Record<string, unknown>> {
    return { question: Buffer.from(at.nonce).toString('base64url') };
  }

  override verify(
    secret: CardSecret,
    { code }: Answered,
    at: Circumstances,
  ): Verdict<CardSecret> | Promise<Verdict<CardSecret>> {
    return code === macOf(secret, at.nonce) ? { accepted: true, fresh: 'challenge-bound' } : MISMATCH;
  }
}

/** The contract of cards whose answers belong to challenges. */
export function nonceContractOf(provider: AnsweredContract['provider']): AnsweredContract {
  return {
    ...contractOf(provider),
    answer: ({ shown, challenge }) => {
      const question = z.string().parse((challenge ?? shown)['question']);
      return { code: macOf({ key: z.string().parse(shown['key']) }, Buffer.from(question, 'base64url')) };
    },
  };
}

/** Says that its answers are bound to their challenge, though they are not. */
@FactorProvider(card)
@Injectable()
export class UnboundCard extends CardFactor {
  protected override freshness(): Freshness {
    return 'challenge-bound';
  }
}

/** Shows its secret in lists. */
@FactorProvider(card)
@Injectable()
export class IndiscreetCard extends CardFactor {
  override publicView({ key }: CardSecret): { hint: string } {
    return { hint: `card ${key.slice(0, 32)}` };
  }
}

/** Logs what it is given. */
@FactorProvider(card)
@Injectable()
export class TalkativeCard extends CardFactor {
  override verify(
    secret: CardSecret,
    answer: Answered,
    at: Circumstances,
  ): Verdict<CardSecret> | Promise<Verdict<CardSecret>> {
    // eslint-disable-next-line no-console -- the fault that the suite must find
    console.debug('verifying', answer);
    return super.verify(secret, answer, at);
  }
}

/** Writes into the secret it is given instead of returning a new one. */
@FactorProvider(card)
@Injectable()
export class ScribblingCard extends CardFactor {
  override verify(
    secret: CardSecret,
    answer: Answered,
    at: Circumstances,
  ): Verdict<CardSecret> | Promise<Verdict<CardSecret>> {
    const verdict = super.verify(secret, answer, at);
    secret.key = `${secret.key} used`;
    return verdict;
  }
}

/** Keeps what decides in its own memory, where another instance cannot see it. */
@FactorProvider(card)
@Injectable()
export class HomeboundCard extends CardFactor {
  readonly #known = new Set<string>();

  override enrol(input: z.output<typeof Input>, at: Circumstances): Enrolment<CardSecret> {
    const enrolment = super.enrol(input, at);
    if (!(enrolment instanceof Promise)) this.#known.add(enrolment.secret.key);
    return enrolment;
  }

  override verify(
    secret: CardSecret,
    answer: Answered,
    at: Circumstances,
  ): Verdict<CardSecret> | Promise<Verdict<CardSecret>> {
    return this.#known.has(secret.key) ? super.verify(secret, answer, at) : MISMATCH;
  }
}

/** Accepts everything. */
@FactorProvider(card)
@Injectable()
export class CredulousCard extends CardFactor {
  override verify(_secret: CardSecret, _answer: Answered, at: Circumstances): Verdict<CardSecret> {
    return { accepted: true, fresh: { token: `${at.now.getTime()} ${randomBytes(4).toString('hex')}` } };
  }
}

/** Fails when its clean-up is repeated. */
@FactorProvider(card)
@Injectable()
export class ImpatientCard extends CardFactor {
  readonly #revoked = new Set<string>();

  override revoke({ key }: CardSecret): void {
    if (this.#revoked.has(key)) throw new Error('already revoked');
    this.#revoked.add(key);
  }
}

/** Makes a secret that its own schema would change. */
@FactorProvider(card)
@Injectable()
export class MisshapenCard extends CardFactor {
  override enrol(input: z.output<typeof Input>, at: Circumstances): Enrolment<CardSecret> {
    const enrolment = super.enrol(input, at);
    return { ...enrolment, secret: { ...enrolment.secret, madeAt: at.now } as CardSecret };
  }
}

/** Takes a field that belongs to the API. */
@FactorProvider(card)
@Injectable()
export class GreedyCard extends CardFactor {
  override readonly input = z.strictObject({ label: z.string().optional() });
}

/** Says that it is for recovery, and works like one. */
@FactorProvider({ ...card, recovery: true })
@Injectable()
export class RecoveryCard extends CardFactor {}
