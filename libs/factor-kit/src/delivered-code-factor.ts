import type { Circumstances } from './circumstances.js';
import { isRefused, refuse, type Refused } from './refused.js';
import type { Parsed, Schema } from './standard-schema.js';

/** How a code can reach its user. */
export type Channel = 'sms' | 'email';

/** Where a code goes. */
export interface Recipient {
  readonly channel: Channel;
  /** A telephone number in E.164 form, or an e-mail address. */
  readonly to: string;
}

/** The schemas of a factor whose codes are delivered. The answer is always `{ code }`: six digits of the engine's. */
export interface DeliveredShapes {
  readonly input: Schema;
  readonly secret: Schema;
}

/**
 * The name of `Refused` before `enrol` could refuse, too.
 * @public providers were written with it
 */
export type AddressRefused = Refused;

/**
 * The name of `refuse` before `enrol` could refuse, too.
 * @public providers were written with it
 */
export const refuseAddress = refuse;

/**
 * The name of `isRefused` before `enrol` could refuse, too.
 * @public
 */
export const isAddressRefused = isRefused;

/**
 * A factor whose user is sent a code: SMS, e-mail, yours. It says where the code goes and never sees one: making,
 * keeping, sending, checking and counting codes are the engine's.
 *
 * Extend it, decorate the class with `@FactorProvider` and list it in a module.
 *
 * @typeParam T the schemas, usually written `DeliveredCodeFactor<{ input: typeof Input; secret: typeof Secret }>`
 */
export abstract class DeliveredCodeFactor<T extends DeliveredShapes = DeliveredShapes> {
  /** Marks providers of this contract whatever copy of the package they were built against. */
  readonly kind = 'delivered';

  /** Shown in lists of factor types. */
  abstract readonly title: string;
  /** How its codes travel. The type is offered only where the deployment can send on this channel. */
  abstract readonly channel: Channel;
  /** The body of an enrolment, beside `type` and `label`. */
  abstract readonly input: T['input'];
  /** What is sealed at rest: enough to find the recipient. It must survive a trip through JSON. */
  abstract readonly secret: T['secret'];

  /** Makes the secret of an enrolment's input, or refuses it with `refuse`. */
  abstract address(
    input: Parsed<T['input']>,
    at: Circumstances,
  ): Promise<Parsed<T['secret']> | Refused> | Parsed<T['secret']> | Refused;

  /**
   * What makes a destination one and the same, where only one factor of the application may have it: claimed when a
   * factor is activated, never by a pending one; a second one is refused (409). The engine keeps an HMAC of it.
   */
  identity?(secret: Parsed<T['secret']>): string;

  /** Where this factor's codes go. */
  abstract recipient(secret: Parsed<T['secret']>): Recipient;
}
