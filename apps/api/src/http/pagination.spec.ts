import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Problem, publicId } from '@countersign/core';
import { pageOf, pageRequest } from './pagination.js';

const rows = (count: number): { id: string }[] =>
  Array.from({ length: count }, (_, index) => ({
    id: `01a20000-0000-7000-8000-${index.toString(16).padStart(12, '0')}`,
  }));

/** What a store answers: so many rows after a cursor. */
function read(
  all: readonly { id: string }[],
  { limit, after }: ReturnType<typeof pageRequest>,
): { id: string }[] {
  return all.filter(({ id }) => after === undefined || id > after).slice(0, limit);
}

describe('pages', () => {
  it('walked by their cursors hold every row once, in order', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 45 }), fc.integer({ min: 1, max: 20 }), (count, limit) => {
        const all = rows(count);
        const seen: string[] = [];
        let cursor: string | null = null;
        do {
          const request = pageRequest({ limit, ...(cursor === null ? {} : { cursor }) }, 'ses');
          const page = pageOf(read(all, request), request, 'ses', ({ id }) => id);
          expect(page.data.length).toBeLessThanOrEqual(limit);
          if (page.nextCursor !== null) expect(page.data).toHaveLength(limit);
          seen.push(...page.data);
          ({ nextCursor: cursor } = page);
        } while (cursor !== null);
        expect(seen).toEqual(all.map(({ id }) => id));
      }),
    );
  });

  it('have no next one where exactly as many rows are left as fit', () => {
    const request = pageRequest({ limit: 3 }, 'fac');
    expect(pageOf(read(rows(3), request), request, 'fac', ({ id }) => id).nextCursor).toBeNull();
    expect(pageOf(read(rows(4), request), request, 'fac', ({ id }) => id).nextCursor).not.toBeNull();
  });

  it('refuse a cursor that the list never gave, whatever it is', () => {
    const [row] = rows(1);
    const ofAnotherList = Buffer.from(publicId('usr', row?.id ?? '')).toString('base64url');
    for (const cursor of ['', 'x', ofAnotherList, row?.id ?? '', 'ZmFjXw']) {
      expect(() => pageRequest({ limit: 1, cursor }, 'fac'), cursor).toThrow(Problem);
    }
    fc.assert(
      fc.property(fc.string(), (cursor) => {
        expect(() => pageRequest({ limit: 1, cursor }, 'fac')).toThrow(Problem);
      }),
    );
  });
});
