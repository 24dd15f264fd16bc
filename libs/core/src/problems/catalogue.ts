/** What the API says of one kind of failure. The pages under docs/problems/ are made from this table. */
export interface ProblemKind {
  readonly status: number;
  readonly title: string;
  /** When it is answered. */
  readonly meaning: string;
  /** What the caller can do about it. */
  readonly remedy: string;
}

/** Every error code of the contract (api.md, "Error codes"). There are no others. */
export const PROBLEMS = {
  validation_failed: {
    status: 400,
    title: 'The request does not fit the schema',
    meaning: 'A field is missing, unknown, of the wrong type or out of bounds. `errors` names each one.',
    remedy: 'Correct the fields that `errors` names. Nothing was changed.',
  },
  malformed_request: {
    status: 400,
    title: 'The request cannot be read',
    meaning:
      'The body is not JSON in UTF-8, repeats a key, nests too deeply, or contains a NUL or a lone surrogate; or the URL cannot be decoded.',
    remedy: 'Send well-formed JSON as `application/json`. Nothing was changed.',
  },
  unauthenticated: {
    status: 401,
    title: 'A credential is needed',
    meaning: 'The route needs a credential and the request carries none.',
    remedy: 'Send an access token as `Authorization: Bearer …`; a server sends its API key as `X-API-Key`.',
  },
  invalid_token: {
    status: 401,
    title: 'The token is not valid here',
    meaning:
      'The token is expired, revoked, made for another purpose, or its session has ended since it was issued.',
    remedy: 'Refresh the session, or log in again. A temp token opens one challenge and nothing else.',
  },
  invalid_credentials: {
    status: 401,
    title: 'The e-mail address or the password is wrong',
    meaning:
      'No active account has this address with this password. The answer does not say which of the two is wrong.',
    remedy: 'Try again, or reset the password.',
  },
  invalid_api_key: {
    status: 401,
    title: 'The API key is not valid',
    meaning: 'The key is unknown, revoked, expired or mistyped.',
    remedy: 'Check the key; an administrator can rotate it.',
  },
  forbidden: {
    status: 403,
    title: 'This is not allowed',
    meaning: 'The caller is known but may not do this.',
    remedy: 'Ask an administrator, or use an account that may.',
  },
  insufficient_scope: {
    status: 403,
    title: 'The API key lacks a scope',
    meaning: 'The key is valid but does not have the scope that this route needs; `detail` names it.',
    remedy: 'Use a key with that scope.',
  },
  step_up_required: {
    status: 403,
    title: 'A fresh proof is needed',
    meaning:
      'Sensitive changes need a second factor, or the password where no factor is active, proven in the last minutes.',
    remedy: 'Call `POST /v1/auth/step-up` and repeat the request with the access token that it leads to.',
  },
  enrolment_required: {
    status: 403,
    title: 'A second factor is compulsory',
    meaning: "The application's policy asks for a second factor and this session has not proven one.",
    remedy:
      'Enrol and activate a factor under `/v1/me/factors`, and use the access token that the activation answers. If it answers none, or a factor is active already, call `POST /v1/auth/step-up`.',
  },
  csrf_rejected: {
    status: 403,
    title: 'The request may be forged',
    meaning: 'A cookie session was used without an allowed `Origin` or without its `X-CSRF-Token`.',
    remedy:
      'Send the token of `GET /v1/auth/csrf` from an allowed origin: one of the `allowedOrigins` of the application, or of `CORS_ORIGINS`.',
  },
  email_unverified: {
    status: 403,
    title: 'The e-mail address is not verified',
    meaning: "The application's policy asks for a verified address.",
    remedy: 'Follow the link in the mail, or ask for another by `POST /v1/auth/email/resend`.',
  },
  proof_required: {
    status: 403,
    title: 'The link alone proves too little',
    meaning:
      'A link that verifies an address counts only together with the password of the registration that mailed it, or with a live session of its account. The request brought neither; the link is still good.',
    remedy:
      'Send `password`, or an access token of the account. With the link of a registration, `POST /v1/auth/password/reset` chooses a new password instead.',
  },
  not_found: {
    status: 404,
    title: 'There is nothing here',
    meaning: 'The path, or the resource it names, does not exist for this caller.',
    remedy: 'Check the path and the id.',
  },
  method_not_allowed: {
    status: 405,
    title: 'The method is not allowed here',
    meaning: 'The path exists but not with this method; `Allow` lists those that do.',
    remedy: 'Use one of the methods in `Allow`.',
  },
  email_taken: {
    status: 409,
    title: 'The e-mail address is taken',
    meaning: 'An account with this address exists.',
    remedy: 'Log in, or reset the password.',
  },
  conflict: {
    status: 409,
    title: 'The request conflicts with what is there',
    meaning: 'The resource is in a state that does not allow this, or another request is changing it.',
    remedy: '`detail` says what stands in the way. Read the resource again before you repeat the request.',
  },
  not_enrolled: {
    status: 409,
    title: 'No second factor is enrolled',
    meaning: 'The user is unknown or has no active factor.',
    remedy: 'Enrol a factor first.',
  },
  idempotency_conflict: {
    status: 409,
    title: 'The idempotency key was used for another request',
    meaning: 'The same `Idempotency-Key` came with another method, path or body.',
    remedy: 'Use a new key for a new request.',
  },
  challenge_closed: {
    status: 410,
    title: 'The challenge is closed',
    meaning: 'It has expired, was answered already, or is out of tries.',
    remedy: 'Log in again; a server opens a new one by `POST /v1/challenges`.',
  },
  enrolment_expired: {
    status: 410,
    title: 'The enrolment is over',
    meaning:
      'A pending factor lives ten minutes and takes five tries, and dies with any change of factors or password.',
    remedy: 'Enrol again.',
  },
  payload_too_large: {
    status: 413,
    title: 'The body is too large',
    meaning: 'Bodies may have 64 KiB.',
    remedy: 'Send less.',
  },
  unsupported_media_type: {
    status: 415,
    title: 'The media type is not supported',
    meaning: 'Bodies are `application/json` in UTF-8.',
    remedy: 'Send `Content-Type: application/json`.',
  },
  answer_rejected: {
    status: 422,
    title: 'The answer was not accepted',
    meaning:
      'The code is wrong, too old, or was used before; the answer to an end user does not say which. At the activation of an authenticator app, `reason: "clock"` with `driftSeconds` says that the clock of the device is off.',
    remedy:
      'Wait for the next code and try again; `attemptsLeft` says how often. A clock that is off by up to an hour is also found by two codes in a row, sent as `codes`; one that is off by more has to be set.',
  },
  password_rejected: {
    status: 422,
    title: 'The password does not meet the rules',
    meaning: 'It is too short, too common, or built from the account. `errors` lists every reason.',
    remedy: 'Choose another: several unrelated words are long and easy to remember.',
  },
  destination_refused: {
    status: 422,
    title: 'Messages cannot go there',
    meaning: 'The number or its country cannot receive messages from this service; `reason` says why.',
    remedy: 'Use another number or another kind of factor.',
  },
  factor_locked: {
    status: 423,
    title: 'The factor is locked',
    meaning: 'It was answered wrongly 100 times in a row, or its type is out of service.',
    remedy: 'Use another factor or a backup code, or ask an administrator to unlock or remove it.',
  },
  rate_limited: {
    status: 429,
    title: 'Too many requests',
    meaning: 'A rate limit is used up; `RateLimit` says which.',
    remedy: 'Wait as many seconds as `Retry-After` says.',
  },
  too_many_attempts: {
    status: 429,
    title: 'Too many attempts',
    meaning: "The user's budget for answers is used up.",
    remedy: 'Wait as many seconds as `Retry-After` says.',
  },
  delivery_failed: {
    status: 502,
    title: 'The message could not be delivered',
    meaning: 'The vendor that sends messages failed. The send does not count against the user.',
    remedy: 'Try again, or use another factor.',
  },
  unavailable: {
    status: 503,
    title: 'The service cannot answer now',
    meaning: 'Something that it depends on is not reachable, or it is too busy.',
    remedy: 'Try again after as many seconds as `Retry-After` says.',
  },
} as const satisfies Record<string, ProblemKind>;

/** A code of the contract. */
export type ProblemCode = keyof typeof PROBLEMS;
