import { type ArgumentMetadata, ValidationPipe } from '@nestjs/common';
import { type FieldError, Problem } from '@countersign/core';
import type { ValidationError } from 'class-validator';

/** A query without fields comes to the same each time, and is validated once. */
class RequestValidation extends ValidationPipe {
  readonly #defaults = new WeakMap<object, object>();

  override async transform(value: unknown, metadata: ArgumentMetadata): Promise<unknown> {
    const { type, metatype } = metadata;
    if (type !== 'query' || metatype === undefined || !isEmpty(value))
      return super.transform(value, metadata);
    const known = this.#defaults.get(metatype);
    if (known !== undefined) return copyOf(known);
    const validated: unknown = await super.transform(value, metadata);
    if (typeof validated !== 'object' || validated === null) return validated;
    this.#defaults.set(metatype, validated);
    return copyOf(validated);
  }
}

function isEmpty(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
}

function copyOf(instance: object): object {
  return Object.assign(Object.create(Object.getPrototypeOf(instance) as object) as object, instance);
}

/** Validates fixed request shapes (`*.dto.ts`): unknown fields are refused, every fault is named. */
export function validationPipe(): ValidationPipe {
  return new RequestValidation({
    transform: true,
    whitelist: true,
    forbidNonWhitelisted: true,
    forbidUnknownValues: true,
    exceptionFactory: (errors) => validationFailed(errors.flatMap((error) => fieldErrors(error, ''))),
  });
}

// Enough to mend a request by; an answer should not outgrow what was sent.
const MOST_ERRORS = 20;

/** The problem of a body or query that does not fit its schema. */
export function validationFailed(errors: readonly FieldError[]): Problem {
  return new Problem('validation_failed', { errors: errors.slice(0, MOST_ERRORS) });
}

function fieldErrors(error: ValidationError, parent: string): FieldError[] {
  const path = parent === '' ? error.property : `${parent}.${error.property}`;
  if (error.value === undefined && error.constraints !== undefined) return [{ path, message: 'is required' }];
  const own = Object.entries(error.constraints ?? {}).map(([constraint, message]) => ({
    path,
    // The rules begin with the name of the field, which `path` says already.
    message:
      constraint === 'whitelistValidation'
        ? 'is not a known field'
        : message.startsWith(`${error.property} `)
          ? message.slice(error.property.length + 1)
          : message,
  }));
  return [...own, ...(error.children ?? []).flatMap((child) => fieldErrors(child, path))];
}
