import { RotateSigningKey } from '@countersign/core';
import { type CommandContext, UsageError } from './command.js';
import { withEngine } from './with-engine.js';

const COMPROMISED = '--compromised';

/** Gives the deployment a new key that signs its tokens. */
export async function rotateSigningKey(context: CommandContext): Promise<void> {
  const { args, say } = context;
  if (args.some((argument) => argument !== COMPROMISED)) {
    throw new UsageError(`rotate-signing-key takes ${COMPROMISED} or nothing.`);
  }
  const result = await withEngine(context, (engine) =>
    engine.get(RotateSigningKey).run(args.includes(COMPROMISED)),
  );
  const from = result.signsFrom.toISOString();
  switch (result.outcome) {
    case 'made':
      say(`The key ${result.kid} is published now, and signs from ${from} on. Nobody is logged out.`);
      return;
    case 'under-way':
      say(`A rotation is under way: the key ${result.kid} signs from ${from} on.`);
      return;
    case 'replaced':
      say(`The key ${result.kid} signs now, and the others are gone.`);
      say(
        'Access tokens and assertions that they signed are refused within seconds; sessions go on by refresh.',
      );
      say('Whoever verifies tokens offline may take five minutes to notice.');
      return;
  }
}
