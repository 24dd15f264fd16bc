import { STATUS_CODES } from 'node:http';

const MADE =
  '<!-- Made by `node scripts/docs.mjs` from libs/core/src/problems/catalogue.ts; do not edit. -->';

/** Headers of the example's answer, where a code has some that a client acts on. */
const HEADERS = {
  unauthenticated: ['WWW-Authenticate: Bearer'],
  invalid_token: ['WWW-Authenticate: Bearer error="invalid_token"'],
  method_not_allowed: ['Allow: DELETE, GET, HEAD, PATCH'],
  rate_limited: ['RateLimit-Policy: "login";q=5;w=900', 'RateLimit: "login";r=0;t=540', 'Retry-After: 540'],
  too_many_attempts: [
    'RateLimit-Policy: "verify";q=10;w=900',
    'RateLimit: "verify";r=0;t=312',
    'Retry-After: 312',
  ],
  unavailable: ['Retry-After: 1'],
};

/** Members of the example beside those that every problem has. */
const MEMBERS = {
  validation_failed: { errors: [{ path: 'pass', message: 'is not a known field' }] },
  malformed_request: { detail: 'The body is not valid JSON.' },
  insufficient_scope: { detail: 'The key needs factors:write.' },
  conflict: { detail: 'Backup codes need another active factor.' },
  answer_rejected: { attemptsLeft: 4 },
  password_rejected: {
    errors: [
      { path: 'password', message: 'is too easy to guess: it is, or hardly differs from, a common password' },
    ],
  },
  destination_refused: { reason: 'country_not_allowed' },
};

/**
 * Makes the pages under docs/problems.
 *
 * @param {Record<string, { status: number, title: string, meaning: string, remedy: string }>} catalogue
 * @param {ReadonlySet<string>} answered the codes that some route can answer; the others are marked as to come
 * @returns {Map<string, string>} Markdown by path from the repository
 */
export function problemPages(catalogue, answered) {
  const codes = Object.keys(catalogue);
  return new Map([
    ['docs/problems/README.md', index(catalogue, codes, answered)],
    ...codes.map((code) => [`docs/problems/${code}.md`, page(code, catalogue[code], answered.has(code))]),
  ]);
}

function index(catalogue, codes, answered) {
  const rows = codes.map((code) => {
    const { status, title } = catalogue[code];
    return `| ${status} | [\`${code}\`](${code}.md) | ${title}${answered.has(code) ? '' : ' (not yet)'} |`;
  });
  return `${MADE}

# Problems

Every error is \`application/problem+json\` ([RFC 9457](https://www.rfc-editor.org/rfc/rfc9457)). Decide by \`code\`, which never changes its meaning; \`title\` and \`detail\` are for people, and \`requestId\` finds the request in the logs. \`type\` is a page like these, which the service itself serves at \`/problems/<code>\`.

${codes.every((code) => answered.has(code)) ? '' : 'Codes marked “not yet” belong to routes that do not exist yet: nothing answers them today.\n\n'}| status | code | title |
| ------ | ---- | ----- |
${rows.join('\n')}
`;
}

function page(code, { status, title, meaning, remedy }, answered) {
  const body = {
    type: `https://auth.example.com/problems/${code}`,
    title,
    status,
    code,
    requestId: '01a2075a-9e08-731d-9be8-19eef09f67e5',
    ...MEMBERS[code],
  };
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'Content-Type: application/problem+json; charset=utf-8',
    ...(HEADERS[code] ?? []),
  ];
  const notYet = answered
    ? ''
    : '\n> Not yet: this code belongs to routes that do not exist yet. Nothing answers it today.\n';
  return `${MADE}

# \`${code}\`

**${title}** · ${status} ${STATUS_CODES[status]}
${notYet}
## What it means

${meaning}

## What to do

${remedy}

## Example

\`\`\`http
${head.join('\n')}

${JSON.stringify(body, null, 2)}
\`\`\`

[All problems](README.md)
`;
}
