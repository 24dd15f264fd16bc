import type { LoadedConfig } from '@countersign/core';

/** What a command works with. */
export interface CommandContext {
  /** The arguments after the command's name. */
  readonly args: readonly string[];
  readonly config: LoadedConfig;
  /** Writes one line for the operator. */
  readonly say: (line: string) => void;
}

/** One verb of the command line. */
export interface Command {
  readonly name: string;
  /** Its arguments and what it does, as the help shows them. */
  readonly usage: string;
  readonly about: string;
  /** @throws UsageError, or whatever `explain` can tell the operator */
  run(context: CommandContext): Promise<void>;
}

/** The command line cannot be understood, or asks for what the rules refuse. Exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
