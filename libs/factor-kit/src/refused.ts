import type { SchemaIssue } from './standard-schema.js';

// The name that it had when only addresses could be refused: providers are built with copies of this package.
const REFUSED = Symbol.for('countersign.address-refused');

/** Input that fits its schema and cannot be enrolled all the same. */
export interface Refused {
  readonly [REFUSED]: true;
  readonly issues: readonly SchemaIssue[];
}

/**
 * Refuses an enrolment's input, as its schema would, for what only `enrol` or `address` can know: the request is
 * answered 400 with this path. Return it, do not throw it; a failure of a system of yours is thrown, and 503.
 *
 * @param path the field at fault, dotted where it is inside of another: `card.number`
 * @param message what is wrong with it, for the developer at the other end: `is required: the account has no e-mail
 *   address`. Never a secret
 */
export function refuse(path: string, message: string): Refused {
  return { [REFUSED]: true, issues: [{ path: path.split('.'), message }] };
}

/** Whether `enrol` or `address` refused its input. */
export function isRefused(value: unknown): value is Refused {
  return typeof value === 'object' && value !== null && REFUSED in value;
}
