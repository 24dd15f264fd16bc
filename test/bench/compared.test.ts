import { describe, expect, it } from 'vitest';
import { inTurn, ofFloor, rate, target } from '../../bench/lib/compared.mjs';
import { table } from '../../bench/lib/table.mjs';

const silent = (): void => undefined;

describe('what a benchmark says', () => {
  it('is measured in turn, so that what else the machine does falls on all', async () => {
    const order: string[] = [];
    const measure = (name: string) => async () => order.push(name);
    const results = await inTurn(2, { floor: measure('floor'), route: measure('route') }, silent);
    expect(order).toEqual(['floor', 'route', 'floor', 'route']);
    expect(results).toEqual({ floor: [1, 3], route: [2, 4] });
  });

  it('is the median of its runs', () => {
    expect(rate('P9', 'deliveries', [{ perSecond: 9 }, { perSecond: 1 }, { perSecond: 5 }])).toMatchObject({
      value: 5,
      samples: [9, 1, 5],
    });
  });

  it('is compared run by run: a slow minute slows the floor too', () => {
    const route = [{ perSecond: 80 }, { perSecond: 8 }, { perSecond: 400 }];
    const floor = [{ perSecond: 100 }, { perSecond: 10 }, { perSecond: 800 }];
    expect(ofFloor('P1', 'of the floor', route, floor, 0.75)).toMatchObject({
      samples: [0.8, 0.8, 0.5],
      value: 0.8,
      wanted: '≥ 0.75',
      met: true,
    });
  });

  it.each([
    { value: 0.92, bounds: { atLeast: 0.92 }, wanted: '≥ 0.92', met: true },
    { value: 0.91, bounds: { atLeast: 0.92 }, wanted: '≥ 0.92', met: false },
    { value: 130, bounds: { atMost: 130 }, wanted: '≤ 130', met: true },
    { value: 131, bounds: { atMost: 130 }, wanted: '≤ 130', met: false },
    { value: 1_000, bounds: { atLeast: 1_000, atMost: 1_000 }, wanted: '1000', met: true },
    { value: 1_001, bounds: { atLeast: 1_000, atMost: 1_000 }, wanted: '1000', met: false },
  ])('meets its target or not: $value, $wanted', ({ value, bounds, wanted, met }) => {
    expect(target('P', 'it', [value], '', bounds)).toMatchObject({ wanted, met });
  });

  it('is shown with three digits, its spread and what was missed', () => {
    const lines = [
      rate('P2', 'logins', [{ perSecond: 1234.5, cpuMicros: 382.4, p50: 7, p99: 29 }]),
      target('P2', 'logins of the floor', [0.8449, 0.9, 0.7], '', { atLeast: 0.92 }),
      target('P8', 'start', [1.449], 's', { atMost: 1.5 }, 'migrated'),
    ];
    expect(table(lines).split('\n')).toEqual([
      '    what                 median    spread        target',
      'P2  logins               1,235 /s                        382 µs CPU each, p50 7 ms, p99 29 ms',
      'P2  logins of the floor  0.84      0.70 to 0.90  ≥ 0.92  MISSED',
      'P8  start                1.45 s                  ≤ 1.5   met: migrated',
    ]);
  });
});
