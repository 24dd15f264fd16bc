import { Problem } from '@countersign/core';

/** The problem of a mailed link that opens nothing, or nothing any more. */
export function deadLink(): Problem {
  return new Problem('invalid_token', {
    detail: 'The link is not valid, was used, or its time is over: ask for a new one.',
  });
}
