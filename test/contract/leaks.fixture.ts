import {
  AnsweredFactor,
  type Circumstances,
  type Enrolment,
  FactorProvider,
  MISMATCH,
  type PublicView,
  type Recipient,
  type Refused,
  refuse,
  type ShownChallenge,
  type Verdict,
} from '@countersign/factor-kit';
import type { AnsweredContract } from '@countersign/factor-testing';
import { Inject, Injectable } from '@nestjs/common';
import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { PagerFactor } from './pagers.fixture.js';
import { type Answered, card, CardFactor, type CardSecret, macOf, NonceCard } from './providers.fixture.js';

/** Shows its key in each challenge. */
@FactorProvider(card)
@Injectable()
export class KeyTellingCard extends CardFactor {
  override challenge({ key }: CardSecret): ShownChallenge {
    return { device: { check: Buffer.from(key).toString('hex') } };
  }
}

/** Shows the half of its key. */
@FactorProvider(card)
@Injectable()
export class HalfTellingCard extends CardFactor {
  override challenge({ key }: CardSecret): ShownChallenge {
    return { tag: key.slice(0, 16) };
  }
}

/** Shows the right answer, in groups. */
@FactorProvider(card)
@Injectable()
export class AnswerTellingCard extends NonceCard {
  override challenge(secret: CardSecret, at: Circumstances): ShownChallenge {
    const expected = macOf(secret, at.nonce);
    return { ...super.challenge(secret, at), expected: `${expected.slice(0, 20)} ${expected.slice(20)}` };
  }
}

/** Shows the link that its message holds. */
@FactorProvider(card)
@Injectable()
export class LinkTellingCard extends NonceCard {
  override challenge(secret: CardSecret, at: Circumstances): ShownChallenge {
    const link = `https://example.com/approve?code=${encodeURIComponent(macOf(secret, at.nonce))}`;
    return { ...super.challenge(secret, at), link };
  }
}

/** Accepts any two answers as those of a device that was lost. */
@FactorProvider(card)
@Injectable()
export class CredulousResync extends CardFactor {
  override resync(
    secret: CardSecret,
    _answers: readonly [Answered, Answered],
    at: Circumstances,
  ): Verdict<CardSecret> {
    return { accepted: true, fresh: { token: `resync ${at.now.getTime()}` }, secret };
  }
}

/** Finds a device by one right answer, and forgets to look at the first. */
@FactorProvider(card)
@Injectable()
export class HalfResync extends CardFactor {
  override resync(
    secret: CardSecret,
    [, second]: readonly [Answered, Answered],
    at: Circumstances,
  ): Verdict<CardSecret> | Promise<Verdict<CardSecret>> {
    return this.verify(secret, second, at);
  }
}

/** Is activated by any two answers. */
@FactorProvider(card)
@Injectable()
export class CredulousInRow extends CardFactor {
  override confirmInRow(): Verdict<CardSecret> {
    return { accepted: true, fresh: { token: 'in a row' } };
  }
}

/** Names a method that nobody knows. */
@FactorProvider({ ...card, amr: ['otp', 'banana'] })
@Injectable()
export class BananaCard extends CardFactor {}

/** Keeps what it asked in its own memory until the answer comes. */
@FactorProvider(card)
@Injectable()
export class MindfulCard extends NonceCard {
  readonly #asked = new Set<string>();

  override enrol(input: Record<string, never>, at: Circumstances): Enrolment<CardSecret> {
    this.#asked.add(Buffer.from(at.nonce).toString('hex'));
    return super.enrol(input, at);
  }

  override challenge(secret: CardSecret, at: Circumstances): ShownChallenge {
    this.#asked.add(Buffer.from(at.nonce).toString('hex'));
    return super.challenge(secret, at);
  }

  override verify(
    secret: CardSecret,
    answer: Answered,
    at: Circumstances,
  ): Verdict<CardSecret> | Promise<Verdict<CardSecret>> {
    return this.#asked.has(Buffer.from(at.nonce).toString('hex'))
      ? super.verify(secret, answer, at)
      : MISMATCH;
  }
}

/** Waits for a person. */
@FactorProvider(card)
@Injectable()
export class WaitingCard extends CardFactor {
  override async verify(
    secret: CardSecret,
    answer: Answered,
    at: Circumstances,
  ): Promise<Verdict<CardSecret>> {
    await new Promise((resolve) => at.signal.addEventListener('abort', resolve));
    return super.verify(secret, answer, at);
  }
}

/** Takes the answer of a page that says nothing. */
@FactorProvider(card)
@Injectable()
export class WordlessCard extends AnsweredFactor<{
  input: z.ZodObject<Record<string, never>, z.core.$strict>;
  secret: z.ZodObject<{ key: z.ZodString }, z.core.$strict>;
  answer: z.ZodObject<{ code: z.ZodOptional<z.ZodString> }, z.core.$strict>;
}> {
  override readonly title = 'Card';
  override readonly input = z.strictObject({});
  override readonly secret = z.strictObject({ key: z.string() });
  override readonly answer = z.strictObject({ code: z.string().optional() });

  override enrol(): Enrolment<CardSecret> {
    return { secret: { key: randomBytes(24).toString('base64url') }, show: {} };
  }

  override confirm(secret: CardSecret, answer: { code?: string }): Verdict<CardSecret> {
    return this.verify(secret, answer);
  }

  override verify(_secret: CardSecret, { code }: { code?: string }): Verdict<CardSecret> {
    return code === undefined ? { accepted: true, fresh: 'challenge-bound' } : MISMATCH;
  }

  override publicView(): PublicView {
    return { hint: 'card' };
  }
}

/** Where messages go that a factor sends by itself: what an SDK of a vendor would be. */
export class Vendor {
  readonly sent: { readonly to: string; readonly text: string }[] = [];

  async send(to: string, text: string): Promise<void> {
    this.sent.push({ to, text });
  }
}

const Address = z.strictObject({ handle: z.string() });
const ChatSecret = z.strictObject({ key: z.string(), handle: z.string() });
const ChatAnswer = z.strictObject({ code: z.string().max(64) });

type ChatSecret = z.output<typeof ChatSecret>;

/** Breaks nothing: sends a code of its own by a chat, and tells a handle that it cannot know. */
@FactorProvider({ type: 'chat', contract: 1, amr: ['otp'] })
@Injectable()
export class ChatFactor extends AnsweredFactor<{
  input: typeof Address;
  secret: typeof ChatSecret;
  answer: typeof ChatAnswer;
}> {
  override readonly title: string = 'Chat';
  override readonly input = Address;
  override readonly secret = ChatSecret;
  override readonly answer = ChatAnswer;

  constructor(@Inject(Vendor) protected readonly vendor: Vendor) {
    super();
  }

  override async enrol(
    { handle }: z.output<typeof Address>,
    at: Circumstances,
  ): Promise<Enrolment<ChatSecret> | Refused> {
    if (!handle.startsWith('@')) return refuse('handle', 'must begin with @');
    const secret = { key: randomBytes(24).toString('base64url'), handle };
    await this.deliver(secret, at);
    return { secret, show: this.shown(secret, at) };
  }

  override async challenge(secret: ChatSecret, at: Circumstances): Promise<ShownChallenge> {
    await this.deliver(secret, at);
    return {};
  }

  override confirm(secret: ChatSecret, answer: Answered, at: Circumstances): Verdict<ChatSecret> {
    return this.verify(secret, answer, at);
  }

  override verify(secret: ChatSecret, { code }: Answered, at: Circumstances): Verdict<ChatSecret> {
    return code === macOf(secret, at.nonce) ? { accepted: true, fresh: 'challenge-bound' } : MISMATCH;
  }

  override publicView({ handle }: ChatSecret): PublicView {
    return { hint: `${handle.slice(0, 2)}•••` };
  }

  protected async deliver(secret: ChatSecret, at: Circumstances): Promise<void> {
    await this.vendor.send(secret.handle, macOf(secret, at.nonce));
  }

  protected shown(_secret: ChatSecret, _at: Circumstances): Readonly<Record<string, unknown>> {
    return {};
  }
}

/** The contract of every chat. */
export function chatContract(provider: new (vendor: Vendor) => ChatFactor): AnsweredContract {
  const vendor = new Vendor();
  return {
    provider,
    providers: [{ provide: Vendor, useValue: vendor }],
    input: { handle: '@pat:example.com' },
    answer: () => ({ code: vendor.sent.at(-1)?.text }),
    wrongAnswer: () => ({ code: 'not what was sent' }),
  };
}

/** Says that a message is on its way, whatever its vendor says. */
@FactorProvider({ type: 'chat', contract: 1, amr: ['otp'] })
@Injectable()
export class SwallowingChat extends ChatFactor {
  protected override async deliver(secret: ChatSecret, at: Circumstances): Promise<void> {
    await super.deliver(secret, at).catch(() => undefined);
  }
}

/** Shows the code that it has sent, so that the address proves nothing. */
@FactorProvider({ type: 'chat', contract: 1, amr: ['otp'] })
@Injectable()
export class IndiscreetChat extends ChatFactor {
  protected override shown(secret: ChatSecret, at: Circumstances): Readonly<Record<string, unknown>> {
    return { debug: { expects: macOf(secret, at.nonce) } };
  }
}

/** Shows its key at enrolment, which its user has no use for. */
@FactorProvider({ type: 'chat', contract: 1, amr: ['otp'] })
@Injectable()
export class OpenChat extends ChatFactor {
  protected override shown({ key }: ChatSecret): Readonly<Record<string, unknown>> {
    return { key };
  }
}

/** Shows the whole address in lists. */
@FactorProvider({ type: 'chat', contract: 1, amr: ['otp'] })
@Injectable()
export class FullHintChat extends ChatFactor {
  override publicView({ handle }: ChatSecret): PublicView {
    return { hint: `Chat ${handle}` };
  }
}

/** Takes for approved what was not denied. */
@FactorProvider({ type: 'chat', contract: 1, amr: ['otp'] })
@Injectable()
export class UndeniedChat extends ChatFactor {
  override verify(secret: ChatSecret, { code }: Answered, at: Circumstances): Verdict<ChatSecret> {
    const { sent } = this.vendor;
    const denied = sent.some(({ text }) => text === `no ${macOf(secret, at.nonce)}`);
    return denied || !/^[\w-]+$/.test(code) ? MISMATCH : { accepted: true, fresh: 'challenge-bound' };
  }
}

const pager = { type: 'pager', contract: 1, amr: ['otp'] } as const;

/** Sends every code to the same mailbox. */
@FactorProvider(pager)
@Injectable()
export class SharedPager extends PagerFactor {
  override recipient(): Recipient {
    return { channel: 'email', to: 'on-call@example.com' };
  }
}
