import type { FieldError } from '@countersign/core';
import type { Schema, SchemaIssue, SchemaResult } from '@countersign/factor-kit';
import { bounded } from '../patience.js';

/** A value that a schema accepted, or what is wrong with it. */
export type ParsedValue =
  | { readonly accepted: true; readonly value: unknown }
  | { readonly accepted: false; readonly errors: readonly FieldError[] };

const UNREADABLE: SchemaResult<unknown> = { issues: [{ message: 'cannot be read' }] };

/**
 * Parses the fields of a request with a provider's schema. A field that the schema does not name is refused here,
 * because a stranger's schema may be of the kind that drops it. A schema that throws or takes too long accepts
 * nothing: the schemas of all types look at an answer, and one that is broken must not stop the others.
 */
export async function parseWith(
  schema: Schema,
  value: Readonly<Record<string, unknown>>,
): Promise<ParsedValue> {
  const known = fieldsOf(schema);
  const unknown = Object.keys(value).filter((field) => known?.has(field) !== true);
  if (unknown.length > 0) {
    return { accepted: false, errors: unknown.map((path) => ({ path, message: 'is not a known field' })) };
  }
  const result = await validated(schema, value);
  if (result.issues === undefined) return { accepted: true, value: result.value };
  const errors = issuesOf(result.issues);
  const required = requiredBy(schema);
  return {
    accepted: false,
    // Schema libraries say "expected string, received undefined".
    errors: errors.map(({ path, message }) =>
      required.has(path) && value[path] === undefined ? { path, message: 'is required' } : { path, message },
    ),
  };
}

/** What a schema, or a provider, finds wrong, as the API tells it. */
export function issuesOf(issues: readonly SchemaIssue[]): FieldError[] {
  return issues.map((issue) => ({ path: pathOf(issue), message: issue.message }));
}

async function validated(schema: Schema, value: unknown): Promise<SchemaResult<unknown>> {
  try {
    return await bounded(schema['~standard'].validate(value));
  } catch {
    return UNREADABLE;
  }
}

// Making the JSON form costs far more than reading it, and a provider's schemas never change.
const made = new WeakMap<Schema, Map<string, Record<string, unknown>>>();

/** The JSON Schema of what a schema takes in. */
export function jsonSchemaOf(
  schema: Schema,
  target: 'draft-2020-12' | 'openapi-3.0',
): Record<string, unknown> {
  const forms = made.get(schema) ?? new Map<string, Record<string, unknown>>();
  const json = forms.get(target) ?? schema['~standard'].jsonSchema.input({ target });
  made.set(schema, forms.set(target, json));
  return json;
}

const named = new WeakMap<Schema, ReadonlySet<string>>();

/** The fields that a schema takes; `undefined` where it is not that of an object, or of one of several objects. */
export function fieldsOf(schema: Schema): ReadonlySet<string> | undefined {
  const fields = named.get(schema) ?? fieldsIn(jsonSchemaOf(schema, 'draft-2020-12'));
  if (fields !== undefined) named.set(schema, fields);
  return fields;
}

function requiredBy(schema: Schema): ReadonlySet<unknown> {
  const { required } = jsonSchemaOf(schema, 'draft-2020-12');
  return new Set(Array.isArray(required) ? required : []);
}

function fieldsIn(json: Readonly<Record<string, unknown>>): ReadonlySet<string> | undefined {
  const alternatives = json['anyOf'] ?? json['oneOf'] ?? json['allOf'];
  if (Array.isArray(alternatives)) {
    const each = alternatives.map((part) => fieldsIn(part as Record<string, unknown>));
    return each.includes(undefined) ? undefined : new Set(each.flatMap((fields) => [...(fields ?? [])]));
  }
  if (json['type'] !== 'object') return undefined;
  return new Set(Object.keys(json['properties'] ?? {}));
}

function pathOf(issue: SchemaIssue): string {
  return (issue.path ?? [])
    .map((part) => String(typeof part === 'object' && part !== null ? part.key : part))
    .join('.');
}
