import type { LoadedConfig } from '@countersign/core';

/** What a command works with. */
export interface CommandContext {
  /** The arguments after the command's name. */
  readonly args: readonly string[];
  readonly config: LoadedConfig;
  /** Writes one line for the operator. */
  readonly say: (line: string) => void;
}

/**
 * One verb of the command line.
 * @throws UsageError, or whatever `explain` can tell the operator
 */
export type Command = (context: CommandContext) => Promise<void>;

/** A command did a part of its work, and has said which. Exit code 3, without another word. */
export class PartlyDone extends Error {
  override readonly name = 'PartlyDone';
}

/** A command did nothing, and has said why. Exit code 1, without another word. */
export class NotDone extends Error {
  override readonly name = 'NotDone';
}

/** The command line cannot be understood, or asks for what the rules refuse. Exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
