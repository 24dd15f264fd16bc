import 'reflect-metadata';
import { NotDone, PartlyDone, UsageError } from './command.js';
import { COMMANDS } from './commands.js';

const HELP = `Usage: npm run cli -- COMMAND

${COMMANDS.map(({ usage, about }) => `  ${usage}\n${wrapped(about)}`).join('\n\n')}

  help
      shows this

Settings come from the environment and .env, as for the service: DATABASE_URL, REDIS_URL, MASTER_KEY and so on.
`;

process.exitCode = await main(process.argv.slice(2));

/** @returns the exit code: 0, 1 where it failed, 2 where it cannot be understood, 3 where it was done in part */
async function main([name = 'help', ...args]: readonly string[]): Promise<number> {
  if (['help', '--help', '-h'].includes(name) || args.some((arg) => arg === '--help' || arg === '-h')) {
    process.stdout.write(HELP);
    return 0;
  }
  const entry = COMMANDS.find((known) => known.name === name);
  if (entry === undefined) return misunderstood('There is no such command.');
  const { explain } = await import('../start-failure.js');
  try {
    const [{ loadAppConfig }, { environmentFrom }] = await Promise.all([
      import('../config.js'),
      import('../environment.js'),
    ]);
    // No command does scheduled work.
    const config = loadAppConfig({ ...environmentFrom([], process.env), ROLE: 'api' });
    const command = await entry.load();
    await command({ args, config, say: (line) => process.stdout.write(`${line}\n`) });
    return 0;
  } catch (error) {
    if (error instanceof UsageError) return misunderstood(error.message);
    if (error instanceof PartlyDone) return 3;
    if (error instanceof NotDone) return 1;
    process.stderr.write(`${explain(error)}\n`);
    return 1;
  }
}

function misunderstood(message: string): number {
  process.stderr.write(`${message}\nnpm run cli -- help tells what there is.\n`);
  return 2;
}

function wrapped(sentence: string): string {
  const lines = [''];
  for (const word of sentence.split(' ')) {
    const line = lines.at(-1) ?? '';
    if (line.length + word.length > 90) lines.push(word);
    else lines[lines.length - 1] = line === '' ? word : `${line} ${word}`;
  }
  return lines.map((line) => `      ${line}`).join('\n');
}
