import {
  CONTRACT_VERSION,
  type FactorProviderOptions,
  RESERVED_FIELDS,
  type Schema,
} from '@countersign/factor-kit';
import { fieldsOf, jsonSchemaOf } from './schema-parsing.js';

const TYPE_NAME = /^[a-z][a-z0-9_]{0,31}$/;
const METHODS = ['enrol', 'confirm', 'challenge', 'verify', 'publicView'] as const;
const SCHEMAS = ['input', 'secret', 'answer'] as const;

/**
 * What keeps a class from being a factor provider: a wrong base class, an unknown contract version, a schema without
 * a JSON form or without named fields, a reserved field name.
 *
 * @param name the class, for the messages
 * @returns one sentence per fault; none where the class can be used
 */
export function faultsOf(name: string, options: FactorProviderOptions, instance: unknown): string[] {
  if (!isAnsweredFactor(instance)) {
    return [`${name} is decorated with @FactorProvider but does not extend AnsweredFactor`];
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
  for (const field of SCHEMAS) faults.push(...schemaFaults(name, field, instance[field]));
  return faults;
}

function isAnsweredFactor(instance: unknown): instance is Record<(typeof SCHEMAS)[number], unknown> {
  if (typeof instance !== 'object' || instance === null || !('kind' in instance)) return false;
  const methods: object = instance;
  return (
    instance.kind === 'answered' &&
    METHODS.every((method) => method in methods && typeof Reflect.get(methods, method) === 'function')
  );
}

function schemaFaults(name: string, field: (typeof SCHEMAS)[number], schema: unknown): string[] {
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
