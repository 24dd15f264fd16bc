/** What a program did under load; a floor without HTTP has its rate alone. */
export interface Measured {
  readonly perSecond: number;
  readonly cpuMicros?: number;
  readonly p50?: number;
  readonly p99?: number;
}

/** One line of the table. */
export interface Line {
  readonly id: string;
  readonly what: string;
  readonly value: number;
  readonly unit: string;
  readonly samples: readonly number[];
  readonly note?: string | undefined;
  readonly wanted?: string;
  readonly met?: boolean;
}

export function target(
  id: string,
  what: string,
  samples: readonly number[],
  unit: string,
  bounds: { readonly atLeast?: number; readonly atMost?: number },
  note?: string,
): Line;

export function rate(id: string, what: string, results: readonly Measured[]): Line;

export function ofFloor(
  id: string,
  what: string,
  results: readonly Measured[],
  floor: readonly Measured[],
  atLeast: number,
): Line;

export function inTurn<T>(
  runs: number,
  subjects: Readonly<Record<string, () => Promise<T>>>,
  tell: (line: string) => void,
): Promise<Record<string, T[]>>;
