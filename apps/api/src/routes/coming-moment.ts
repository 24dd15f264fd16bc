import type { Clock } from '@countersign/core';
import { validationFailed } from '../http/validation.js';
import { momentOf } from './fields.js';

/**
 * A moment of a request that must lie ahead; `null` and `undefined` stay what they are.
 * @param text RFC 3339, as the DTO has checked
 * @throws Problem `validation_failed`
 */
export function comingMoment<N extends null | undefined>(
  path: string,
  text: string | N,
  clock: Clock,
): Date | N {
  if (typeof text !== 'string') return text;
  const moment = momentOf(text);
  if (moment === undefined || moment <= clock.now()) {
    throw validationFailed([{ path, message: 'must be a time to come' }]);
  }
  return moment;
}
