import type { RefusedPassword } from '@countersign/auth';
import { Problem } from '@countersign/core';
import { validationFailed } from '../http/validation.js';

/** The problem of a password that the rules refuse, by the name that its field has in the request. */
export function rejectedPassword({ tooLong, reasons }: RefusedPassword, path: string): Problem {
  const errors = reasons.map(({ message }) => ({ path, message }));
  return tooLong ? validationFailed(errors) : new Problem('password_rejected', { errors });
}
