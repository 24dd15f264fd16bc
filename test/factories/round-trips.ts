import { Redis } from 'ioredis';
import pg from 'pg';
import { vi } from 'vitest';

/** What one piece of work sent to the outside. */
export interface RoundTrips<T> {
  readonly result: T;
  /** The first word of each statement that PostgreSQL was sent, in order. */
  readonly statements: readonly string[];
  /** Each command that Redis was sent, in order. */
  readonly commands: readonly string[];
}

/** Counts what the services of this process send while `work` runs; nothing else may run beside it. */
export async function roundTripsOf<T>(work: () => Promise<T>): Promise<RoundTrips<T>> {
  const query = vi.spyOn(pg.Client.prototype, 'query');
  const sendCommand = vi.spyOn(Redis.prototype, 'sendCommand');
  try {
    const result = await work();
    return {
      result,
      statements: query.mock.calls.flatMap(([statement]) =>
        isOfTheWatch(statement) ? [] : [firstWord(statement)],
      ),
      commands: sendCommand.mock.calls.map(([command]) => command.name),
    };
  } finally {
    query.mockRestore();
    sendCommand.mockRestore();
  }
}

function firstWord(query: unknown): string {
  const text = typeof query === 'object' && query !== null && 'text' in query ? query.text : query;
  return /\w+/.exec(String(text))?.[0]?.toUpperCase() ?? '';
}

// Every two seconds each instance looks for changed signing keys, whatever else it does; failed logins are counted after
// their answers.
function isOfTheWatch(query: unknown): boolean {
  return (
    typeof query === 'object' &&
    query !== null &&
    'name' in query &&
    /^(?:signing-keys-look|login-failures-add)/.test(String(query.name))
  );
}
