import { BackupCodeFactor, EmailFactor, SmsFactor, TotpFactor, WebauthnFactor } from '@countersign/factors';
import {
  type AnsweredContract,
  type BrokenRule,
  checkFactorContract,
  describeFactorContract,
  type FactorContract,
  REGISTRATION,
} from '@countersign/factor-testing';
import * as OTPAuth from 'otpauth';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { type PublicKeyOptions, SoftwareAuthenticator } from '../factories/software-authenticator.js';
import {
  AnswerTellingCard,
  BananaCard,
  chatContract,
  ChatFactor,
  CredulousInRow,
  CredulousResync,
  FullHintChat,
  HalfResync,
  HalfTellingCard,
  IndiscreetChat,
  KeyTellingCard,
  LinkTellingCard,
  MindfulCard,
  OpenChat,
  SharedPager,
  SwallowingChat,
  UndeniedChat,
  WaitingCard,
  WordlessCard,
} from './leaks.fixture.js';
import {
  HomeboundPager,
  LostPager,
  MailPager,
  MisshapenPager,
  pagerContract,
  StrayPager,
  TalkativePager,
} from './pagers.fixture.js';
import {
  contractOf,
  CredulousCard,
  GreedyCard,
  HomeboundCard,
  ImpatientCard,
  IndiscreetCard,
  MisshapenCard,
  NonceCard,
  nonceContractOf,
  RecoveryCard,
  ScribblingCard,
  StepCard,
  TalkativeCard,
  ThrowingCard,
  TokenCard,
  UnboundCard,
} from './providers.fixture.js';

describeFactorContract('TOTP', {
  provider: TotpFactor,
  answer({ shown, now }) {
    const totp = OTPAuth.URI.parse(z.string().parse(shown['otpauthUri']));
    if (!(totp instanceof OTPAuth.TOTP)) throw new Error('not a TOTP URI');
    return { code: totp.generate({ timestamp: now.getTime() }) };
  },
  wrongAnswer({ shown, now }) {
    const totp = OTPAuth.URI.parse(z.string().parse(shown['otpauthUri']));
    const right = [-1, 0, 1].map((step) => totp.generate({ timestamp: now.getTime() + step * 30_000 }));
    return { code: ['000000', '111111', '222222', '333333'].find((code) => !right.includes(code)) };
  },
  serverInput: { import: { secret: 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP' } },
});

describeFactorContract('backup codes', {
  provider: BackupCodeFactor,
  answer: ({ shown, nth }) => ({ code: z.array(z.string()).parse(shown['backupCodes'])[nth] }),
  wrongAnswer: () => ({ code: 'ZZZZ-ZZZZ-ZZZZ-ZZZZ' }),
});

const security = new WeakMap<object, SoftwareAuthenticator>();

function keyOf(shown: Readonly<Record<string, unknown>>): SoftwareAuthenticator {
  const key = security.get(shown) ?? new SoftwareAuthenticator('http://localhost:3000');
  security.set(shown, key);
  return key;
}

describeFactorContract('WebAuthn', {
  provider: WebauthnFactor,
  answer: ({ shown, challenge }) => ({
    credential:
      challenge === undefined
        ? keyOf(shown).create(shown['publicKey'] as PublicKeyOptions)
        : keyOf(shown).get(challenge['publicKey'] as PublicKeyOptions),
  }),
  wrongAnswer: ({ shown, challenge }) => ({
    credential:
      challenge === undefined
        ? keyOf(shown).create(shown['publicKey'] as PublicKeyOptions, { origin: 'https://evil.example' })
        : keyOf(shown).get(challenge['publicKey'] as PublicKeyOptions, { origin: 'https://evil.example' }),
  }),
});

describeFactorContract('SMS', { provider: SmsFactor, input: { phoneNumber: '+447400123456' } });

describeFactorContract('e-mail', { provider: EmailFactor, input: { email: 'somewhere-else@example.com' } });

describeFactorContract("e-mail to the account's own address", { provider: EmailFactor });

describe('the contract suite finds nothing wrong with a provider', () => {
  it.each<[string, FactorContract]>([
    ['whose answers are tokens', contractOf(TokenCard)],
    ['whose answers are steps', contractOf(StepCard)],
    ['whose answers belong to their challenge', nonceContractOf(NonceCard)],
    ['that sends messages of its own', chatContract(ChatFactor)],
    ['that throws where an answer is wrong', contractOf(ThrowingCard)],
    ['that is for recovery', contractOf(RecoveryCard)],
    ['whose codes are sent', pagerContract(MailPager)],
  ])('%s', async (_what, contract) => {
    expect(await checkFactorContract(contract)).toEqual([]);
  });
});

describe('the contract suite finds a provider that', () => {
  afterEach(() => vi.restoreAllMocks());

  it('accepts the same answer on another challenge, saying that it is bound to the first', async () => {
    expect(await rulesBrokenBy(UnboundCard)).toEqual([
      'the same answer on another challenge fails',
      'the same right answer to 16 challenges at once gives one success',
    ]);
  });

  it('shows its secret in lists', async () => {
    const broken = await checkFactorContract(contractOf(IndiscreetCard));
    expect(broken).toEqual([
      {
        rule: 'neither its secret nor an answer shows in events, logs or lists, and nothing is kept in clear',
        how: 'a part of the secret shows in lists (publicView)',
      },
    ]);
  });

  it('logs answers', async () => {
    vi.spyOn(console, 'debug').mockReturnValue(undefined);
    expect(await checkFactorContract(contractOf(TalkativeCard))).toMatchObject([
      { how: 'an answer shows in a log' },
    ]);
  });

  it('changes the secret in place', async () => {
    expect(await rulesBrokenBy(ScribblingCard)).toEqual(['it leaves the secret that it is given as it is']);
  });

  it('keeps what decides in its own memory', async () => {
    expect(await rulesBrokenBy(HomeboundCard)).toEqual(['another instance decides alike']);
  });

  it('accepts everything', async () => {
    expect(await rulesBrokenBy(CredulousCard)).toEqual(
      expect.arrayContaining(['only a right answer activates it', 'a wrong answer is a verdict']),
    );
  });

  it('cannot clean up twice', async () => {
    expect(await rulesBrokenBy(ImpatientCard)).toEqual(['its clean-up bears repetition']);
  });

  it('makes a secret that does not survive JSON or its own schema', async () => {
    expect(await rulesBrokenBy(MisshapenCard)).toContain(
      'its secret survives a trip through JSON and its own schema',
    );
  });

  it('uses a reserved field', async () => {
    expect(await checkFactorContract(contractOf(GreedyCard))).toEqual([
      {
        rule: REGISTRATION,
        how: expect.stringContaining('GreedyCard.input uses the reserved field “label”'),
      },
    ]);
  });

  const shows = 'a challenge shows neither its answer nor a part of the secret';
  const resyncs = 'its resync, where it has one, accepts two right answers in a row and nothing else';
  const enrols = 'enrolment shows no more of answers and secret than the owner reads';

  // Each names what to do about it.
  it.each<[string, FactorContract, string, RegExp]>([
    [
      'shows its key in a challenge',
      contractOf(KeyTellingCard),
      shows,
      /part of the secret.*show nothing of it/,
    ],
    ['shows half of its key in a challenge', contractOf(HalfTellingCard), shows, /show nothing of it/],
    ['shows the right answer', nonceContractOf(AnswerTellingCard), shows, /the right answer.*Show what/],
    ['shows a link that answers', nonceContractOf(LinkTellingCard), shows, /in a link/],
    ['shows at enrolment what it sends', chatContract(IndiscreetChat), enrols, /“debug”.*Leave it out/],
    ['shows at enrolment a key of its own', chatContract(OpenChat), enrols, /“key”.*leave it out/],
    ['resyncs by anything', contractOf(CredulousResync), resyncs, /two wrong answers.*Accept two/],
    [
      'is activated by any two answers',
      contractOf(CredulousInRow),
      'two answers, where they activate it, do so only where both are right',
      /one is wrong ended as activated: accept them only/,
    ],
    ['resyncs by one answer', contractOf(HalfResync), resyncs, /a wrong and a right answer/],
    [
      'shows the whole address in its hint',
      chatContract(FullHintChat),
      'neither its secret nor an answer shows',
      /whole address: show enough/,
    ],
    [
      'takes answers without fields',
      { ...contractOf(WordlessCard), answer: () => ({}) },
      'it takes no answer without its fields',
      /Require code/,
    ],
    ['names a method that nobody knows', contractOf(BananaCard), 'its amr', /“banana”.*use its names/],
    [
      'keeps what it asked in its memory',
      nonceContractOf(MindfulCard),
      'another instance decides alike',
      /keeps in the instance.*Derive it/,
    ],
    [
      'swallows its vendor’s failure',
      chatContract(SwallowingChat),
      'a failure of what it stands on',
      /enrolment went on though Vendor\.send failed.*Let the failure through/,
    ],
    [
      'takes for approved what nobody has denied',
      chatContract(UndeniedChat),
      "an answer fits its own user's factor only",
      /nothing was approved: hold it against/,
    ],
  ])('%s', async (_what, contract, rule, how) => {
    expect(await checkFactorContract(contract, rule)).toEqual([
      { rule: expect.stringContaining(rule) as string, how: expect.stringMatching(how) as string },
    ]);
  });

  it('lets the engine wait, and asks it nothing more', async () => {
    // Seconds otherwise.
    const timeout = AbortSignal.timeout.bind(AbortSignal);
    vi.spyOn(AbortSignal, 'timeout').mockImplementation(() => timeout(50));
    expect(await checkFactorContract(contractOf(WaitingCard))).toEqual([
      {
        rule: 'it is done before the engine stops waiting',
        how: expect.stringMatching(
          /^(?:confirm|verify) outlives its signal: .* Pass at\.signal on/,
        ) as string,
      },
    ]);
  });

  it('has a contract that gives wrong answers for right ones', async () => {
    const contract: AnsweredContract = { ...contractOf(NonceCard), answer: () => ({ code: 'wrong' }) };
    expect((await checkFactorContract(contract)).map(({ how }) => how)).toContain(
      'activation with the right answer ended as rejected',
    );
  });
});

describe('the contract suite finds a provider of delivered codes that', () => {
  afterEach(() => vi.restoreAllMocks());

  const everything = 'it names a recipient on its own channel';

  it.each<[string, AnyPager]>([
    ['sends on another channel than it says', StrayPager],
    ['sends to nobody', LostPager],
    ['makes a secret that its own schema refuses', MisshapenPager],
  ])('%s', async (_what, provider) => {
    const broken = await checkFactorContract(pagerContract(provider));
    expect(broken.map(({ rule }) => rule)).toContain(everything);
  });

  it('keeps where codes go in its own memory', async () => {
    const broken = await checkFactorContract(pagerContract(HomeboundPager));
    expect(broken.map(({ rule }) => rule)).toEqual(['another instance decides alike']);
  });

  it('sends every code to the same recipient', async () => {
    const rule = 'its recipient follows from what is enrolled';
    expect(await checkFactorContract(pagerContract(SharedPager), rule)).toEqual([
      { rule, how: expect.stringContaining('Make the secret of the input or of at.account') as string },
    ]);
    const { input: _input, ...byAccount } = pagerContract(SharedPager);
    expect(await checkFactorContract({ ...byAccount, provider: EmailFactor }, rule)).toEqual([]);
  });

  it('logs addresses', async () => {
    vi.spyOn(console, 'debug').mockReturnValue(undefined);
    expect(await checkFactorContract(pagerContract(TalkativePager))).toMatchObject([
      { how: 'a part of the secret shows in a log' },
    ]);
  });
});

type AnyPager = Parameters<typeof pagerContract>[0];

async function rulesBrokenBy(provider: AnsweredContract['provider']): Promise<string[]> {
  const broken: BrokenRule[] = await checkFactorContract(contractOf(provider));
  return broken.map(({ rule }) => rule);
}
