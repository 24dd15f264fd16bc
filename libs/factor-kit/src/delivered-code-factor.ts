import type { Circumstances } from './circumstances.js';
import type { Parsed, Schema, SchemaIssue } from './standard-schema.js';

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

const REFUSED = Symbol.for('countersign.address-refused');

/** Input that fits its schema but names no address. */
export interface AddressRefused {
  readonly [REFUSED]: true;
  readonly issues: readonly SchemaIssue[];
}

/**
 * Refuses an enrolment's input, as its schema would, for what only `address` can know.
 * @param field the field at fault
 * @param message what is wrong with it: `is required: the account has no e-mail address`
 */
export function refuseAddress(field: string, message: string): AddressRefused {
  return { [REFUSED]: true, issues: [{ path: [field], message }] };
}

/** Whether `address` refused its input. */
export function isAddressRefused(value: unknown): value is AddressRefused {
  return typeof value === 'object' && value !== null && REFUSED in value;
}

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

  /** Makes the secret of an enrolment's input, or refuses it with `refuseAddress`. */
  abstract address(
    input: Parsed<T['input']>,
    at: Circumstances,
  ): Promise<Parsed<T['secret']> | AddressRefused> | Parsed<T['secret']> | AddressRefused;

  /** Where this factor's codes go. */
  abstract recipient(secret: Parsed<T['secret']>): Recipient;
}
