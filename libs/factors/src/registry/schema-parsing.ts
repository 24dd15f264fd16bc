import type { FieldError } from '@countersign/core';
import type { Schema, SchemaIssue } from '@countersign/factor-kit';

/** A value that a schema accepted, or what is wrong with it. */
export type ParsedValue =
  | { readonly accepted: true; readonly value: unknown }
  | { readonly accepted: false; readonly errors: readonly FieldError[] };

/** Parses a value with a provider's schema. */
export async function parseWith(schema: Schema, value: unknown): Promise<ParsedValue> {
  const result = await schema['~standard'].validate(value);
  if (result.issues === undefined) return { accepted: true, value: result.value };
  return { accepted: false, errors: result.issues.map((issue) => ({ path: pathOf(issue), message: issue.message })) };
}

/** The JSON Schema of what a schema takes in. */
export function jsonSchemaOf(schema: Schema, target: 'draft-2020-12' | 'openapi-3.0'): Record<string, unknown> {
  return schema['~standard'].jsonSchema.input({ target });
}

function pathOf(issue: SchemaIssue): string {
  return (issue.path ?? [])
    .map((part) => String(typeof part === 'object' && part !== null ? part.key : part))
    .join('.');
}
