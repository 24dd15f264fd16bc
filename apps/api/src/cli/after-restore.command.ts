import { AfterRestore, Database, type Pending, publicId, SYSTEM_ORIGIN } from '@countersign/core';
import { ApiKeyStore, type LiveApiKey, RevokeApiKey } from '@countersign/api-keys';
import type { INestApplicationContext } from '@nestjs/common';
import { parseArgs } from 'node:util';
import { type CommandContext, UsageError } from './command.js';
import { withEngine } from './with-engine.js';

const LOST = [
  'What was there before the backup was restored and cannot be restored:',
  '  - What was done since the backup is undone: users who were erased are back (erase them again), suspended ones are',
  '    active, passwords and factors are those of the backup, API keys and webhooks that were removed work again.',
  '  - What was made since the backup is gone: users, factors, keys, webhooks, and events of the audit log.',
  '  - Assertions and access tokens that were issued stay valid to their end for those who check only the signature.',
];

const MOVED = [
  'Nothing ends, because the database was moved as it was. Where anything happened since it was copied, run this again',
  'without --moved.',
];

/** Takes a restored database into use: ends what the restore has revived, and lets webhooks and notices go on. */
export async function afterRestore(context: CommandContext): Promise<void> {
  const options = optionsOf(context.args);
  const say = options.json ? () => undefined : context.say;
  const parts: { readonly what: string; readonly count: number }[] = [];
  const apiKeys = await withEngine(context, async (engine) => {
    say(options.dryRun ? 'What would be done:' : 'Done:');
    await engine.get(AfterRestore, { strict: false }).run({
      ...options,
      tell: (what, count) => {
        parts.push({ what, count });
        say(`  ${count} ${what}`);
      },
    });
    return options.moved ? [] : await keys(engine, options, say);
  });
  for (const line of options.moved ? MOVED : LOST) say(line);
  if (options.json) context.say(JSON.stringify({ ...options, parts, apiKeys }));
}

interface Options {
  readonly pending: Pending;
  readonly revokeKeys: boolean;
  readonly moved: boolean;
  readonly dryRun: boolean;
  readonly json: boolean;
}

function optionsOf(args: readonly string[]): Options {
  const {
    pending,
    moved = false,
    'revoke-keys': revokeKeys = false,
    'dry-run': dryRun = false,
    json = false,
  } = parsed(args);
  if (pending !== 'drop' && pending !== 'send') {
    throw new UsageError(
      'after-restore needs --pending drop (what the backup had not sent yet is not sent) or --pending send (it is sent, ' +
        'also where it had been sent since the backup).',
    );
  }
  if (moved && revokeKeys) throw new UsageError('after-restore takes --moved or --revoke-keys, not both.');
  return { pending, revokeKeys, moved, dryRun, json };
}

function parsed(args: readonly string[]): {
  pending?: string;
  'revoke-keys'?: boolean;
  moved?: boolean;
  'dry-run'?: boolean;
  json?: boolean;
} {
  try {
    return parseArgs({
      args: [...args],
      options: {
        pending: { type: 'string' },
        'revoke-keys': { type: 'boolean' },
        moved: { type: 'boolean' },
        'dry-run': { type: 'boolean' },
        json: { type: 'boolean' },
      },
    }).values;
  } catch {
    throw new UsageError('after-restore: the arguments cannot be understood.');
  }
}

/** Tells which keys work, of which some may have been revoked or rotated since the backup. */
async function keys(
  engine: INestApplicationContext,
  { revokeKeys, dryRun }: Options,
  say: CommandContext['say'],
): Promise<LiveApiKey[]> {
  const store = engine.get(ApiKeyStore, { strict: false });
  const revoke = engine.get(RevokeApiKey, { strict: false });
  const tx = engine.get(Database, { strict: false }).direct;
  const live = await store.live(tx);
  say(
    `  ${live.length} API keys ${revokeKeys ? 'are revoked' : 'work, revoked or rotated since the backup or not; --revoke-keys revokes them'}`,
  );
  for (const { id, applicationId, application, name, createdAt, lastUsedAt } of live) {
    if (revokeKeys && !dryRun) await revoke.run({ applicationId, id, origin: SYSTEM_ORIGIN });
    say(
      `    ${publicId('key', id)} “${name}” of ${application}, made ${createdAt.toISOString()}, ` +
        `last used ${lastUsedAt?.toISOString() ?? 'never'}`,
    );
  }
  return live;
}
