import type { RegisteredFactor } from '../registry/factor-registry.js';
import { type ParsedValue, parseWith } from '../registry/schema-parsing.js';

/** What was sent of an enrolment, and by whom. */
export interface EnrolmentFields {
  readonly registered: RegisteredFactor;
  /** The provider's own fields, as they came. */
  readonly fields: Readonly<Record<string, unknown>>;
  /** A server may say more than a user. */
  readonly by: 'user' | 'server';
}

/** Holds the fields of an enrolment against the schema that its provider has for the caller. */
export function parseEnrolment({
  registered: { provider },
  fields,
  by,
}: EnrolmentFields): Promise<ParsedValue> {
  const ofServers = by === 'server' && provider.kind === 'answered' ? provider.serverInput : undefined;
  return parseWith(ofServers ?? provider.input, fields);
}
