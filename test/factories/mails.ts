import type { TestApp } from './app.js';
import { eventually } from './process.js';

/** A mail as the mailbox of a test application shows it. */
export interface MailboxMail {
  readonly to: string;
  readonly subject: string;
  readonly text: string;
}

/** Mails to an address, the newest first. */
export async function mailsTo({ client }: Pick<TestApp, 'client'>, address: string): Promise<MailboxMail[]> {
  const { body } = await client.get('/dev/messages');
  return (body as (MailboxMail & { channel: string })[]).filter(
    ({ channel, to }) => channel === 'email' && to === address,
  );
}

/** The token of a mail, from a line of its own; `undefined` for a mail without one. */
export function tokenIn({ text }: MailboxMail): string | undefined {
  return /^((?:vfy|rst)_[A-Za-z0-9_-]+)$/m.exec(text)?.[1];
}

/**
 * Waits for mails with a link to an address.
 * @param page `verify-email` or `reset-password`
 * @returns the newest token, when as many have come
 */
export async function mailedToken(
  world: Pick<TestApp, 'client'>,
  address: string,
  page: 'verify-email' | 'reset-password',
  count = 1,
): Promise<string> {
  let tokens: string[] = [];
  await eventually(async () => {
    const mails = (await mailsTo(world, address)).filter(({ text }) => text.includes(`/${page}?token=`));
    tokens = mails.flatMap((mail) => tokenIn(mail) ?? []);
    return tokens.length >= count;
  });
  return tokens[0] ?? '';
}

/** A token of the same kind and id whose secret is somebody's guess. */
export function withOtherSecret(token: string): string {
  const at = token.indexOf('_') + 1;
  const bytes = Buffer.from(token.slice(at), 'base64url');
  bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
  return `${token.slice(0, at)}${bytes.toString('base64url')}`;
}
