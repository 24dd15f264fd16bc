import { Logger } from '@nestjs/common';
import { vi } from 'vitest';

/** Runs something, and tells what was logged as a warning meanwhile. */
export async function warningsOf<T>(run: () => Promise<T>): Promise<{ result: T; warnings: string[] }> {
  const warn = vi.spyOn(Logger.prototype, 'warn');
  try {
    const result = await run();
    return { result, warnings: warn.mock.calls.map(([said]) => String(said)) };
  } finally {
    warn.mockRestore();
  }
}
