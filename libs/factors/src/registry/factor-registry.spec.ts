import { Injectable, Module, type Provider, type Type } from '@nestjs/common';
import { getConfigToken } from '@nestjs/config';
import { DiscoveryModule, NestFactory } from '@nestjs/core';
import { Database } from '@countersign/core';
import { CodeDelivery } from '@countersign/delivery';
import {
  AnsweredFactor,
  type Channel,
  DeliveredCodeFactor,
  type Enrolment,
  FactorProvider,
  type FactorProviderOptions,
  MISMATCH,
  type PublicView,
  type Recipient,
  type Schema,
  type Verdict,
} from '@countersign/factor-kit';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { FactorStore } from '../factor.store.js';
import { FactorRegistry } from './factor-registry.js';

const Code = z.strictObject({ code: z.string() });

abstract class Sound extends AnsweredFactor {
  override readonly title: string = 'Sound';
  override readonly input: Schema = z.strictObject({});
  override readonly secret: Schema = z.string();
  override readonly answer: Schema = Code;

  override enrol(): Enrolment<unknown> {
    return { secret: '', show: {} };
  }

  override confirm(): Verdict<unknown> {
    return MISMATCH;
  }

  override verify(): Verdict<unknown> {
    return MISMATCH;
  }

  override publicView(): PublicView {
    return { hint: '' };
  }
}

abstract class Delivering extends DeliveredCodeFactor {
  override readonly title = 'Delivering';
  override readonly channel: Channel = 'sms';
  override readonly input: Schema = z.strictObject({});
  override readonly secret: Schema = z.string();

  override address(): string {
    return '+14155550167';
  }

  override recipient(): Recipient {
    return { channel: 'sms', to: '+14155550167' };
  }
}

/** Declares a class as `@FactorProvider` and `@Injectable` do. */
function provider<T extends Type>(type: string, target: T, more: Partial<FactorProviderOptions> = {}): T {
  FactorProvider({ type, contract: 1, amr: ['kba'], ...more })(target);
  Injectable()(target);
  return target;
}

interface Deployment {
  readonly providers: readonly Provider[];
  /** Declared by another module than the engine's. */
  readonly elsewhere?: readonly Type[];
  readonly enabled?: readonly string[];
  readonly enrolled?: readonly string[];
  readonly retired?: readonly string[];
  /** What can be sent on. */
  readonly channels?: readonly Channel[];
}

/** Starts a registry as Nest does. Rejects where it refuses. */
async function start({
  providers,
  elsewhere = [],
  enabled,
  enrolled = [],
  retired,
  channels = ['sms', 'email'],
}: Deployment): Promise<FactorRegistry> {
  @Module({ providers: [...elsewhere] })
  class Elsewhere {}

  @Module({
    imports: [DiscoveryModule, Elsewhere],
    providers: [
      FactorRegistry,
      ...providers,
      { provide: FactorStore, useValue: { enrolledTypes: () => Promise.resolve(enrolled) } },
      { provide: Database, useValue: {} },
      { provide: CodeDelivery, useValue: { offers: (channel: Channel) => channels.includes(channel) } },
      { provide: getConfigToken('factors'), useValue: { enabled, retired } },
    ],
  })
  class House {}

  const context = await NestFactory.createApplicationContext(House, { logger: false, abortOnError: false });
  return context.get(FactorRegistry);
}

const Word = provider('word', class Word extends Sound {});
const Rhyme = provider('rhyme', class Rhyme extends Sound {});

describe('the registry', () => {
  it('finds every decorated provider, in whatever module', async () => {
    const registry = await start({ providers: [Word], elsewhere: [Rhyme] });
    expect(registry.all().map(({ options }) => options.type)).toEqual(['rhyme', 'word']);
    expect(registry.find('word')?.provider).toBeInstanceOf(Word);
    expect(registry.find('toString')).toBeUndefined();
  });

  it('knows a provider by its class also where a factory made it or a value is given', async () => {
    const made = { provide: Word, useFactory: () => new Word() };
    const given = { provide: 'rhyme', useValue: new Rhyme() };
    const registry = await start({ providers: [made, given] });
    expect(registry.all().map(({ options }) => options.type)).toEqual(['rhyme', 'word']);
  });

  it('takes another name for a provider for the same one', async () => {
    const registry = await start({ providers: [Word, { provide: 'alias', useExisting: Word }] });
    expect(registry.all().map(({ options }) => options.type)).toEqual(['word']);
  });

  it('refuses two providers of one type, and names both classes', async () => {
    const Other = provider('word', class OtherWord extends Sound {});
    await expect(start({ providers: [Word], elsewhere: [Other] })).rejects.toThrow(
      /(Word and OtherWord|OtherWord and Word) both provide “word”/,
    );
  });

  it('refuses a class that does not extend the base class', async () => {
    const Loner = provider('loner', class Loner {});
    const Half = provider(
      'half',
      class Half {
        readonly kind = 'answered';
      },
    );
    await expect(start({ providers: [Loner] })).rejects.toThrow(
      /Loner .* extends neither AnsweredFactor nor/,
    );
    await expect(start({ providers: [Half] })).rejects.toThrow(/Half .* extends neither AnsweredFactor nor/);
  });

  it('leaves a subclass alone that is not decorated itself', async () => {
    @Injectable()
    class Heir extends Word {}
    const registry = await start({ providers: [Word, Heir] });
    expect(registry.find('word')?.provider.constructor).toBe(Word);
  });

  it('refuses a contract version that it does not know', async () => {
    const Later = provider('later', class Later extends Sound {}, { contract: 2 });
    await expect(start({ providers: [Later] })).rejects.toThrow(/Later .* contract 2; this engine knows 1/);
  });

  it.each(['TOTP', 'two words', '', '1st', 'x'.repeat(33), '__proto__'])(
    'refuses the type name “%s”',
    async (type) => {
      const Named = provider(type, class Named extends Sound {});
      await expect(start({ providers: [Named] })).rejects.toThrow(/Named names its type/);
    },
  );

  const schemas: [string, unknown, string][] = [
    ['nothing', undefined, 'JSON form'],
    ['what is no schema', { type: 'object' }, 'JSON form'],
    [
      'a Standard Schema without a JSON form',
      { '~standard': { version: 1, vendor: 'x', validate: () => ({}) } },
      'JSON form',
    ],
    ['a schema that JSON Schema cannot say', z.strictObject({ code: z.bigint() }), 'JSON form'],
    ['a text', z.string(), 'named fields'],
    ['a record of any fields', z.union([z.string(), Code]), 'named fields'],
    ['a reserved field', z.strictObject({ code: z.string(), factorId: z.string() }), '“factorId”'],
    [
      'a reserved field in one of its forms',
      z.union([Code, z.strictObject({ status: z.string() })]),
      '“status”',
    ],
  ];

  it.each(schemas)('refuses an answer schema that is, or has, %s', async (_what, schema, named) => {
    const Schemed = provider(
      'schemed',
      class Schemed extends Sound {
        override readonly answer = schema as Schema;
      },
    );
    await expect(start({ providers: [Schemed] })).rejects.toThrow(new RegExp(`Schemed\\.answer .*${named}`));
  });

  it('refuses a secret schema without a JSON form, but asks no named fields of it', async () => {
    const Keeper = provider(
      'keeper',
      class Keeper extends Sound {
        override readonly secret = z.map(z.string(), z.string());
      },
    );
    await expect(start({ providers: [Keeper] })).rejects.toThrow(/Keeper\.secret .*JSON form/);
    await expect(start({ providers: [Word] })).resolves.toBeDefined();
  });

  it('refuses an enabled type that nobody provides, and names those that there are', async () => {
    await expect(start({ providers: [Word, Rhyme], enabled: ['word', 'song'] })).rejects.toThrow(
      /FACTORS_ENABLED names “song”, which no provider provides \(known: rhyme, word\)/,
    );
  });

  it('refuses an enrolled type that nobody provides', async () => {
    await expect(start({ providers: [Word], enrolled: ['song', 'word'] })).rejects.toThrow(
      /Users have enrolled “song”, which no provider provides/,
    );
  });

  it('refuses the factors, and not the start, of an enrolled type that is retired', async () => {
    const registry = await start({ providers: [Word], enrolled: ['song', 'word'], retired: ['song'] });
    expect(registry.isUsable('song')).toBe(false);
    expect(registry.isUsable('word')).toBe(true);
    expect(registry.all().map(({ options }) => options.type)).toEqual(['word']);
  });

  it('retires a type whose provider is still here, and knows whether it was for recovery', async () => {
    const Spare = provider('spare', class Spare extends Sound {}, { recovery: true });
    const registry = await start({ providers: [Word, Spare], enrolled: ['spare'], retired: ['spare'] });
    expect(registry.isUsable('spare')).toBe(false);
    expect(registry.isRecovery('spare')).toBe(true);
  });

  it('knows factors whose codes are sent, and offers them where they can be', async () => {
    const Text = provider('text', class Text extends Delivering {});
    const offered = async (channels: Channel[]): Promise<string[]> => {
      const registry = await start({ providers: [Word, Text], channels });
      expect(registry.find('text')?.provider).toBeInstanceOf(Text);
      return registry.allOffered({ allowedFactorTypes: null }).map(({ options }) => options.type);
    };
    expect(await offered(['sms'])).toEqual(['text', 'word']);
    expect(await offered(['email'])).toEqual(['word']);
  });

  it('refuses a factor whose codes are sent on no channel that there is, or that is for recovery', async () => {
    const Pigeon = provider(
      'pigeon',
      class Pigeon extends Delivering {
        override readonly channel = 'pigeon' as Channel;
      },
    );
    const Spare = provider('spare', class Spare extends Delivering {}, { recovery: true });
    await expect(start({ providers: [Pigeon] })).rejects.toThrow(/Pigeon names the channel “pigeon”/);
    await expect(start({ providers: [Spare] })).rejects.toThrow(/Spare is for recovery/);
  });

  it('refuses a schema for servers as it does any other', async () => {
    const Importing = provider(
      'importing',
      class Importing extends Sound {
        override readonly serverInput = z.strictObject({ type: z.string() });
      },
    );
    await expect(start({ providers: [Importing] })).rejects.toThrow(
      /Importing\.serverInput uses the reserved field “type”/,
    );
  });

  it('names every fault at once', async () => {
    const Later = provider('later', class Later extends Sound {}, { contract: 2 });
    const Loner = provider('loner', class Loner {});
    const refusal = start({ providers: [Later, Loner], enabled: ['song'], enrolled: ['dance'] });
    for (const named of [/Later/, /Loner/, /“song”/, /“dance”/]) await expect(refusal).rejects.toThrow(named);
  });

  it('offers what the deployment enables and the application allows, and finds the rest all the same', async () => {
    const registry = await start({ providers: [Word, Rhyme], enabled: ['word'] });
    const offered = (allowedFactorTypes: string[] | null): string[] =>
      registry.allOffered({ allowedFactorTypes }).map(({ options }) => options.type);
    expect(offered(null)).toEqual(['word']);
    expect(offered(['rhyme', 'word'])).toEqual(['word']);
    expect(offered(['rhyme'])).toEqual([]);
    expect(registry.find('rhyme')).toMatchObject({ enabled: false });
  });
});
