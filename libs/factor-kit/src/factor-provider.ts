import 'reflect-metadata';

/** The contract version that this kit describes. The engine refuses providers of another. */
export const CONTRACT_VERSION = 1;

/** What `@FactorProvider` says of a class. */
export interface FactorProviderOptions {
  /** The factor's type in the API: lower case letters, digits and underscores, at most 32. */
  readonly type: string;
  /** The contract version that the class was written for. */
  readonly contract: number;
  /** Authentication method references (RFC 8176) that an accepted answer adds. */
  readonly amr: readonly string[];
  /**
   * A recovery factor stands in for the others and is never one by itself: it is issued with the first factor,
   * active at once, never the default, and gone with the last. Backup codes are one.
   */
  readonly recovery?: boolean;
  /**
   * `true` promises that `enrol` and `challenge` cause no message to anybody: they make, show and ask, as an
   * authenticator app or a printed card does. Where it is absent or `false`, the engine counts these calls as it counts
   * codes that are sent: one a minute for a challenge, five an hour for a user.
   */
  readonly sendsNothing?: boolean;
  /** Whether `siblings` of the circumstances are filled in: as lists show them, or with their secrets. */
  readonly siblings?: 'views' | 'secrets';
}

/** Fields of the API that a provider's own schemas may not use. */
export const RESERVED_FIELDS = [
  'id',
  'type',
  'label',
  'status',
  'hint',
  'isDefault',
  'lockedAt',
  'createdAt',
  'lastUsedAt',
  'factorId',
  'user',
  'action',
  'details',
  'trustDevice',
  'deviceName',
  'sentTo',
  'resendAfter',
  'locale',
] as const;

// Symbol.for, so that a provider built against another copy of this package is still recognised.
const KEY = Symbol.for('countersign.factor-provider');

/**
 * Declares a class as a factor provider. The class must also be a Nest provider (`@Injectable()`) of some module.
 *
 * @param options the type's name, the contract version and its RFC 8176 method references
 */
export function FactorProvider(options: FactorProviderOptions): ClassDecorator {
  return (target) => {
    Reflect.defineMetadata(KEY, options, target);
  };
}

/** Reads what `@FactorProvider` said of a class; `undefined` where the class is not a provider. */
export function factorProviderOptions(target: object): FactorProviderOptions | undefined {
  return Reflect.getOwnMetadata(KEY, target) as FactorProviderOptions | undefined;
}
