import type { FieldError } from '@countersign/core';
import type { Schema, SchemaIssue } from '@countersign/factor-kit';

/** A value that a schema accepted, or what is wrong with it. */
export type ParsedValue =
  | { readonly accepted: true; readonly value: unknown }
  | { readonly accepted: false; readonly errors: readonly FieldError[] };

/**
 * Parses the fields of a request with a provider's schema. A field that the schema does not name is refused here,
 * because a stranger's schema may be of the kind that drops it.
 */
export async function parseWith(
  schema: Schema,
  value: Readonly<Record<string, unknown>>,
): Promise<ParsedValue> {
  const unknown = unknownFields(schema, value);
  if (unknown.length > 0) {
    return { accepted: false, errors: unknown.map((path) => ({ path, message: 'is not a known field' })) };
  }
  const result = await schema['~standard'].validate(value);
  if (result.issues === undefined) return { accepted: true, value: result.value };
  return {
    accepted: false,
    errors: result.issues.map((issue) => ({ path: pathOf(issue), message: issue.message })),
  };
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

function unknownFields(schema: Schema, value: Readonly<Record<string, unknown>>): string[] {
  const json = jsonSchemaOf(schema, 'draft-2020-12');
  if (json['type'] !== 'object') return [];
  const known = new Set(Object.keys(json['properties'] ?? {}));
  return Object.keys(value).filter((field) => !known.has(field));
}

function pathOf(issue: SchemaIssue): string {
  return (issue.path ?? [])
    .map((part) => String(typeof part === 'object' && part !== null ? part.key : part))
    .join('.');
}
