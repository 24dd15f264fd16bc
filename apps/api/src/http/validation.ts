import { ValidationPipe } from '@nestjs/common';
import { type FieldError, Problem } from '@countersign/core';
import type { ValidationError } from 'class-validator';

/** Validates fixed request shapes (`*.dto.ts`): unknown fields are refused, every fault is named. */
export function validationPipe(): ValidationPipe {
  return new ValidationPipe({
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
  const own = Object.entries(error.constraints ?? {}).map(([constraint, message]) => ({
    path,
    message: constraint === 'whitelistValidation' ? 'is not a known field' : message,
  }));
  return [...own, ...(error.children ?? []).flatMap((child) => fieldErrors(child, path))];
}
