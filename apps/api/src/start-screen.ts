import type { AdminCredentials } from './admin-credentials.js';

/** What the screen tells. */
export interface StartFacts {
  readonly url: string;
  readonly database: string;
  readonly store: string;
  /** What the mailbox stands in for; empty where vendors are set up for all. */
  readonly mailboxFor: readonly string[];
  readonly administrator: AdminCredentials | undefined;
}

const UNKNOWN_PASSWORD = '(the one it was made with; npm run cli -- admin sets another)';

/** The one screen that a start outside production ends with. */
export function startScreen({ url, database, store, mailboxFor, administrator }: StartFacts): string {
  const rows: [string, string][] = [
    ['API', url],
    ['Docs', `${url}/docs`],
    ['Database', database],
    ['Limits', store],
  ];
  if (mailboxFor.length > 0)
    rows.push(['Mailbox', `${url}/dev/mailbox (no vendor for ${mailboxFor.join(' and ')})`]);
  if (administrator !== undefined) {
    rows.push(['Administrator', administrator.email]);
    rows.push(['Password', administrator.password ?? UNKNOWN_PASSWORD]);
  }
  const example = {
    email: administrator?.email ?? 'you@example.com',
    password: administrator?.password ?? '…',
  };
  return [
    '',
    '  Countersign is ready.',
    '',
    ...rows.map(([name, value]) => `  ${name.padEnd(14)} ${value}`),
    '',
    '  Try it:',
    `    curl -s ${url}/v1/auth/login -H 'content-type: application/json' \\`,
    `      -d '${JSON.stringify(example)}'`,
    '',
    '  The next five minutes: docs/quick-start.md. Ctrl-C stops everything.',
    '',
    '',
  ].join('\n');
}
