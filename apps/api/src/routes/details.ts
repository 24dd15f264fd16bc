import { canonicalDetails, detailsHash } from '@countersign/factors';
import { validationFailed } from '../http/validation.js';

/** The longest details, in bytes of their canonical form. */
const MAX_DETAILS_BYTES = 2_048;

/**
 * The hash that stands for an action's details; `null` where there are none.
 * @throws Problem `validation_failed` where they are too long
 */
export function hashOfDetails(details: Readonly<Record<string, unknown>> | undefined): string | null {
  if (details === undefined) return null;
  const canonical = canonicalDetails(details);
  if (Buffer.byteLength(canonical) > MAX_DETAILS_BYTES) {
    throw validationFailed([
      {
        path: 'details',
        message: `must have at most ${MAX_DETAILS_BYTES} bytes in canonical form (RFC 8785)`,
      },
    ]);
  }
  return detailsHash(canonical);
}
