import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import type { Block } from './markdown.js';
import { ROOT } from './markdown.js';

/** The one line of a page that says where the service is. */
export const API_LINE = 'API=http://localhost:3000\n';

/** The line of pages for administrators that the reader fills in. */
const PASSWORD_LINE = 'ADMIN_PASSWORD=the-one-that-npm-start-printed\n';

/** What a page's blocks printed, one after another in one shell. */
export interface SessionOutput {
  /** By block; shorter than the blocks where one of them failed. */
  readonly outputs: readonly string[];
  readonly errors: string;
  readonly exitCode: number | null;
}

/**
 * Runs blocks as a reader pastes them: in one bash, in order, in the folder of the clone. It stops at the first
 * command that fails.
 *
 * @param service what the reader fills in: where it is, and perhaps the first administrator's password
 * @param cwd the folder, where it is not that of the clone
 */
export async function runSession(
  blocks: readonly Pick<Block, 'text'>[],
  service: { readonly url: string; readonly adminPassword?: string },
  cwd = ROOT,
): Promise<SessionOutput> {
  const mark = `--${randomUUID()}--`;
  const script = blocks.map(({ text }) => `${filledIn(text, service)}\necho ${mark}\n`).join('');
  const shell = spawn('bash', ['-euo', 'pipefail', '-c', script], {
    cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let printed = '';
  let errors = '';
  shell.stdout.setEncoding('utf8').on('data', (text: string) => (printed += text));
  shell.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
  const exitCode = await new Promise<number | null>((resolve, reject) => {
    shell.on('error', reject).on('close', resolve);
  });
  const outputs = printed.split(`${mark}\n`);
  const unfinished = outputs.pop() ?? '';
  return { outputs, errors: `${unfinished}${errors}`, exitCode };
}

function filledIn(text: string, { url, adminPassword }: Parameters<typeof runSession>[1]): string {
  return text
    .replace(API_LINE, `API=${url}\n`)
    .replace(PASSWORD_LINE, `ADMIN_PASSWORD=${adminPassword ?? ''}\n`);
}
