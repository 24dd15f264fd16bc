import type { Schema } from '@countersign/factor-kit';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { fieldsOf, parseWith } from './schema-parsing.js';

const Code = z.object({ code: z.string() });
const Either = z.union([Code, z.object({ credential: z.object({ id: z.string() }) })]);

/** A schema whose validation does what a stranger's may do. */
function schemaThat(validate: () => unknown): Schema {
  return {
    '~standard': {
      ...Code['~standard'],
      validate: validate as Schema['~standard']['validate'],
    },
  };
}

describe("parsing by a provider's schema", () => {
  afterEach(() => {
    vi.restoreAllMocks();
  });

  it('refuses fields that the schema does not name, also where it would drop them', async () => {
    expect(Code.safeParse({ code: 'x', more: 1 }).success).toBe(true);
    expect(await parseWith(Code, { code: 'x', more: 1 })).toEqual({
      accepted: false,
      errors: [{ path: 'more', message: 'is not a known field' }],
    });
    expect(await parseWith(Either, { code: 'x', more: 1 })).toMatchObject({ accepted: false });
  });

  it('refuses fields that a loose schema would let through', async () => {
    const loose = z.looseObject({ code: z.string() });
    expect(await parseWith(loose, { code: 'x', more: 1 })).toMatchObject({ accepted: false });
  });

  it('takes either form of a schema of several', async () => {
    expect(fieldsOf(Either)).toEqual(new Set(['code', 'credential']));
    expect(await parseWith(Either, { code: 'x' })).toEqual({ accepted: true, value: { code: 'x' } });
    expect(await parseWith(Either, { credential: { id: 'x' } })).toMatchObject({ accepted: true });
  });

  it('names where a value is wrong', async () => {
    const parsed = await parseWith(Either.options[1], { credential: { id: 5 } });
    expect(parsed).toMatchObject({ accepted: false, errors: [{ path: 'credential.id' }] });
  });

  it.each([
    [
      'throws',
      () => {
        throw new Error('secret');
      },
    ],
    ['rejects', () => Promise.reject(new Error('secret'))],
  ])('takes a schema that %s for one that accepts nothing', async (_does, validate) => {
    expect(await parseWith(schemaThat(validate), { code: 'x' })).toEqual({
      accepted: false,
      errors: [{ path: '', message: 'cannot be read' }],
    });
  });

  it('waits for a schema no longer than for any other code of a provider', async () => {
    const limit = new AbortController();
    vi.spyOn(AbortSignal, 'timeout').mockReturnValue(limit.signal);
    const parsing = parseWith(
      schemaThat(() => new Promise(() => undefined)),
      { code: 'x' },
    );
    limit.abort();
    expect(await parsing).toMatchObject({ accepted: false });
  });
});
