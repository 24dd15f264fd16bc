import { Problem } from '@countersign/core';

/** The problem of a webhook that is told nothing. */
export function disabledWebhook(): Problem {
  return new Problem('conflict', { detail: 'The webhook is disabled: enable it first.' });
}
