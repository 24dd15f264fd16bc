/** Headings, and which variables stand under each: the first that fits. */
const GROUPS = [
  ['Surroundings', /^(NODE_ENV|ALLOW_IN_PRODUCTION|ROLE|DATA_DIR|LOG_LEVEL)$/],
  ['Listening', /^(HOST|PORT|PUBLIC_URL|TRUST_PROXY|CORS_ORIGINS)$/],
  ['Secrets', /^MASTER_KEY$/],
  ['PostgreSQL', /^DATABASE_/],
  ['Redis', /^REDIS_/],
  ['First administrator', /^BOOTSTRAP_ADMIN_/],
  ['Lifetimes (500ms, 30s, 15m, 2h, 7d)', /(_TTL|_MAX_AGE|_RETENTION)$/],
  ['Rate limits (count/duration)', /^RATE_LIMIT_/],
  ['Password hashing', /^ARGON2_/],
  ['Factors', /^FACTOR/],
  ['More', /^/],
];

const INTRODUCTION = `# Every setting of Countersign, commented out at its default. Copy to .env, which \`npm start\` reads, or set them in the
# environment, which wins. docs/configuration.md says more of each.
# Made by \`node scripts/docs.mjs\` from the configuration's schemas; do not edit.
`;

/**
 * @typedef {{ name: string, about: string, value: string, secret: boolean }} Variable
 * `value` is the default as it would be written, empty where there is none.
 */

/**
 * Lists the variables of the schemas.
 *
 * @param {readonly { variables: Record<string, import('zod').ZodType>, secrets: readonly string[] }[]} sections
 * @returns {Variable[]}
 */
export function variablesOf(sections) {
  return sections.flatMap(({ variables, secrets }) =>
    Object.entries(variables).map(([name, schema]) => ({
      name,
      about: schema.description ?? '',
      value: defaultOf(schema),
      secret: secrets.includes(name),
    })),
  );
}

/**
 * Makes `.env.example`.
 *
 * @param {readonly Variable[]} variables
 * @returns {string}
 */
export function envExample(variables) {
  const groups = GROUPS.map(([heading]) => ({ heading, members: [] }));
  for (const variable of variables) {
    groups[GROUPS.findIndex(([, pattern]) => pattern.test(variable.name))].members.push(variable);
  }
  const parts = groups.filter(({ members }) => members.length > 0).map(part);
  return [INTRODUCTION, ...parts].join('\n');
}

function part({ heading, members }) {
  const lines = members.map(({ name, about, value, secret }) => {
    const file = secret ? `; or ${name}_FILE, a file that holds it` : '';
    return `# ${about}${file}\n#${name}=${value}\n`;
  });
  return [`# --- ${heading} ${'-'.repeat(Math.max(3, 72 - heading.length))}\n`, ...lines].join('\n');
}

// Zod wraps a schema in its default: the value itself (`default`) or the text that is parsed (`prefault`).
function defaultOf(schema) {
  const { type, defaultValue } = schema.def;
  return type === 'default' || type === 'prefault' ? String(defaultValue) : '';
}
