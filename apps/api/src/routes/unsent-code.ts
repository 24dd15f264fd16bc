import { Problem } from '@countersign/core';
import type { CodeSending } from '@countersign/factors';
import type { FastifyReply } from 'fastify';
import { tellRateLimit } from '../http/rate-limit.headers.js';
import { waitFor } from '../http/waiting.js';

const REFUSED = {
  invalid_number: 'This is not a telephone number that exists.',
  not_a_mobile_number: 'This number cannot receive text messages.',
  country_not_allowed: 'Text messages are not sent to this country.',
  opted_out: 'The owner of this number has asked not to be sent text messages.',
  invalid_address: 'This is not an e-mail address.',
} as const;

const CAPPED = {
  number_limit: 'This number was sent too many messages today.',
  recipient_limit: 'This address was sent too many messages today.',
  application_limit: 'The application has sent its messages of today.',
  enrolment_limit: 'The application has sent its messages for enrolments of today.',
  country_limit: 'Too many messages went to this country within the hour.',
  country_conversion: 'Too few of the codes that went to this country were used: sending is paused.',
} as const;

/** The problem of a code that was not sent. `reason` tells a program why. */
export function unsentCode(sending: Exclude<CodeSending, { outcome: 'sent' }>, reply: FastifyReply): Problem {
  switch (sending.outcome) {
    case 'limited': {
      const { name, state } = sending.limit;
      tellRateLimit(reply, name, sending.limit, state);
      return new Problem('rate_limited', {
        members: { reason: name === 'resend' ? 'resend_too_soon' : 'user_limit' },
        ...waitFor(state, name === 'resend' ? 'A code was just sent.' : 'The user was sent too many codes.'),
      });
    }
    case 'capped':
      return new Problem('rate_limited', {
        members: { reason: sending.reason },
        ...waitFor({ remaining: 0, resetMs: sending.retryAfterMs }, CAPPED[sending.reason]),
      });
    case 'refused':
      return new Problem('destination_refused', {
        detail: REFUSED[sending.reason],
        members: { reason: sending.reason },
      });
    case 'failed':
      return new Problem('delivery_failed');
  }
}
