import {
  type Channel,
  CONTRACT_VERSION,
  type FactorProviderOptions,
  RESERVED_FIELDS,
  type Schema,
} from '@countersign/factor-kit';
import { fieldsOf, jsonSchemaOf } from './schema-parsing.js';

const TYPE_NAME = /^[a-z][a-z0-9_]{0,31}$/;
const CHANNELS: readonly unknown[] = ['sms', 'email'] satisfies Channel[];

/** What each kind of provider must have. */
const KINDS = {
  answered: {
    methods: ['enrol', 'confirm', 'challenge', 'verify', 'publicView'],
    schemas: ['input', 'secret', 'answer'],
  },
  delivered: { methods: ['address', 'recipient'], schemas: ['input', 'secret'] },
} as const;

/**
 * What keeps a class from being a factor provider: a wrong base class, an unknown contract version, a schema without
 * a JSON form or without named fields, a reserved field name.
 *
 * @param name the class, for the messages
 * @returns one sentence per fault; none where the class can be used
 */
export function faultsOf(name: string, options: FactorProviderOptions, instance: unknown): string[] {
  const kind = kindOf(instance);
  if (kind === undefined) {
    return [
      `${name} is decorated with @FactorProvider but extends neither AnsweredFactor nor DeliveredCodeFactor`,
    ];
  }
  const faults: string[] = [];
  if (options.contract !== CONTRACT_VERSION) {
    faults.push(
      `${name} was written for contract ${options.contract}; this engine knows ${CONTRACT_VERSION}`,
    );
  }
  if (!TYPE_NAME.test(options.type)) {
    faults.push(
      `${name} names its type “${options.type}”; a type is lower case letters, digits and underscores`,
    );
  }
  const members = instance as Readonly<Record<string, unknown>>;
  for (const field of KINDS[kind].schemas) faults.push(...schemaFaults(name, field, members[field]));
  if (kind === 'answered' && members['serverInput'] !== undefined) {
    faults.push(...schemaFaults(name, 'serverInput', members['serverInput']));
  }
  if (kind === 'delivered') faults.push(...deliveryFaults(name, options, members['channel']));
  return faults;
}

function kindOf(instance: unknown): keyof typeof KINDS | undefined {
  if (typeof instance !== 'object' || instance === null || !('kind' in instance)) return undefined;
  const { kind } = instance;
  if (kind !== 'answered' && kind !== 'delivered') return undefined;
  const methods: readonly string[] = KINDS[kind].methods;
  return methods.every((method) => typeof Reflect.get(instance, method) === 'function') ? kind : undefined;
}

function deliveryFaults(name: string, options: FactorProviderOptions, channel: unknown): string[] {
  return [
    ...(CHANNELS.includes(channel)
      ? []
      : [`${name} names the channel “${String(channel)}”; known are ${CHANNELS.join(', ')}`]),
    ...(options.recovery === true ? [`${name} is for recovery, which delivered codes cannot be`] : []),
  ];
}

function schemaFaults(name: string, field: string, schema: unknown): string[] {
  try {
    jsonSchemaOf(schema as Schema, 'draft-2020-12');
  } catch {
    return [`${name}.${field} is not a Standard Schema with a JSON form`];
  }
  if (field === 'secret') return [];
  const fields = fieldsOf(schema as Schema);
  if (fields === undefined) return [`${name}.${field} is not the schema of an object with named fields`];
  return RESERVED_FIELDS.filter((reserved) => fields.has(reserved)).map(
    (reserved) => `${name}.${field} uses the reserved field “${reserved}”`,
  );
}
