type Given<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

/** The fields of a body that were sent: a validated body names those that were absent, too. */
export function given<T extends object>(body: T): Given<T> {
  return Object.fromEntries(Object.entries(body).filter(([, value]) => value !== undefined)) as Given<T>;
}
