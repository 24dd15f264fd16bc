import { COLLECT_AFTER_MS } from './collection.js';

/** How many entries each write looks at. Two is enough for the map to stay within twice of what is alive. */
const SWEPT_PER_WRITE = 2;

/** An entry's end, and when it is collected where that is not 15 minutes later. */
interface Expiring {
  readonly endsAt: number;
  readonly collectAt?: number;
}

/**
 * A map that forgets what ended 15 minutes ago, or whenever the entry says. Each write sweeps a few entries, going round
 * and round, so that memory stays bounded by what is written, without a timer and without a pause.
 *
 * Times are milliseconds since the epoch.
 */
export class ExpiringMap<V extends Expiring> {
  private readonly entries = new Map<string, V>();
  private cursor = this.entries.entries();

  /** Entries that are held, those that wait for the sweep included. */
  get size(): number {
    return this.entries.size;
  }

  /** The entry, also one that has ended, until it is collected. */
  get(key: string, now: number): V | undefined {
    const entry = this.entries.get(key);
    if (entry === undefined || now < collectAt(entry)) return entry;
    this.entries.delete(key);
    return undefined;
  }

  /** Keeps an entry in place of an earlier one. */
  set(key: string, entry: V, now: number): void {
    this.entries.set(key, entry);
    this.sweep(now);
  }

  /** Forgets an entry. */
  delete(key: string): void {
    this.entries.delete(key);
  }

  private sweep(now: number): void {
    for (let looked = 0; looked < SWEPT_PER_WRITE; looked += 1) {
      const next = this.cursor.next();
      if (next.done === true) {
        this.cursor = this.entries.entries();
        return;
      }
      const [key, entry] = next.value;
      if (now >= collectAt(entry)) this.entries.delete(key);
    }
  }
}

function collectAt(entry: Expiring): number {
  return entry.collectAt ?? entry.endsAt + COLLECT_AFTER_MS;
}
