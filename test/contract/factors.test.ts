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
  nonceCardContract,
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
    ['whose answers belong to their challenge', nonceCardContract],
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
