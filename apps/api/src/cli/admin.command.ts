import { BootstrapAdmin, checkPassword, SetAdministrator } from '@countersign/auth';
import type { CoreConfig } from '@countersign/core';
import { readMailAddress } from '@countersign/factor-kit';
import { randomBytes } from 'node:crypto';
import { text } from 'node:stream/consumers';
import { parseArgs } from 'node:util';
import { forgetKeptPassword } from '../admin-credentials.js';
import { type CommandContext, UsageError } from './command.js';
import { withEngine } from './with-engine.js';

/** Makes an administrator, or gives one a new password. */
export async function admin(context: CommandContext): Promise<void> {
  const { email, password } = await credentials(context.args);
  const outcome = await setAdministrator(context, email, password.text);
  context.say(`${email} ${OUTCOMES[outcome]}`);
  if (password.random) context.say(`Password, shown once: ${password.text}`);
}

const OUTCOMES = {
  made: 'is an administrator now.',
  reset: 'is an administrator with a new password now. Its sessions have ended; a second factor stays.',
  cleared:
    'is an administrator with a new password now. Its address was never verified, so what the account had is gone: sessions, trusted devices and second factors.',
};

interface Password {
  readonly text: string;
  readonly random: boolean;
}

async function credentials(args: readonly string[]): Promise<{ email: string; password: Password }> {
  const options = parsed(args);
  if (options.email === undefined) throw new UsageError('admin needs --email.');
  const read = readMailAddress(options.email, { localHosts: true });
  if (!read.readable) throw new UsageError(`--email ${read.fault}.`);
  const email = read.address;
  const password = await passwordFrom(options.password ?? 'random');
  const ruling = checkPassword(password.text, { email, displayName: null });
  if (!ruling.accepted) {
    throw new UsageError(`--password: ${ruling.reasons.map(({ message }) => message).join('; ')}.`);
  }
  return { email, password };
}

function parsed(args: readonly string[]): { email?: string; password?: string } {
  try {
    return parseArgs({
      args: [...args],
      options: { email: { type: 'string' }, password: { type: 'string' } },
    }).values;
  } catch (error) {
    // Its messages may quote a stray argument, which may be a mistyped password.
    const unknown =
      error instanceof Error && 'code' in error && error.code === 'ERR_PARSE_ARGS_UNKNOWN_OPTION';
    throw new UsageError(
      unknown
        ? 'admin takes --email and --password, and no other option.'
        : 'admin: the arguments cannot be understood.',
    );
  }
}

async function passwordFrom(option: string): Promise<Password> {
  if (option === 'random') return { text: randomBytes(15).toString('base64url'), random: true };
  if (option !== '-') return { text: option, random: false };
  return { text: (await text(process.stdin)).replace(/\r?\n$/, ''), random: false };
}

async function setAdministrator(
  context: CommandContext,
  email: string,
  password: string,
): Promise<keyof typeof OUTCOMES> {
  return withEngine(context, async (engine) => {
    // The first command on an empty database finds no application yet.
    await engine.get(BootstrapAdmin).run(undefined);
    const outcome = await engine.get(SetAdministrator).run({ email, password });
    forgetKeptPassword(context.config.slices['core'] as CoreConfig, email);
    return outcome;
  });
}
