import { AsyncLocalStorage } from 'node:async_hooks';
import { isOutcomeUnknown } from './database-errors.js';
import type { Statement } from './statement.js';

/** Whether PostgreSQL has, or may have, written anything for one piece of work. */
export interface WriteWatch {
  wrote: boolean;
}

const watches = new AsyncLocalStorage<WriteWatch>();

// What only locks counts as well: to be wrong on that side does no harm.
const WRITES = /\b(?:INSERT|UPDATE|DELETE)\b/;

/** Runs work, and watches from its first statement on whether anything is written for it. */
export function watchWrites<T>(work: (watch: WriteWatch) => T): T {
  const watch = { wrote: false };
  return watches.run(watch, work, watch);
}

/** Runs work that a request only happens to begin: what it writes is not the request's. */
export function unwatched<T>(work: () => T): T {
  return watches.exit(work);
}

/** Notes that something is written, or is about to be. */
export function noteWrite(): void {
  const watch = watches.getStore();
  if (watch !== undefined) watch.wrote = true;
}

/** Notes what became of a statement that is a transaction by itself; one whose answer was lost may have been done. */
export function noting<T>({ text }: Pick<Statement, 'text'>, running: Promise<T>): Promise<T> {
  const watch = watches.getStore();
  return watch === undefined || !WRITES.test(text) ? running : noted(watch, running);
}

async function noted<T>(watch: WriteWatch, running: Promise<T>): Promise<T> {
  try {
    const result = await running;
    watch.wrote = true;
    return result;
  } catch (error) {
    if (isOutcomeUnknown(error)) watch.wrote = true;
    throw error;
  }
}
