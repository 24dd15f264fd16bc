/**
 * Looks something up for somebody who may have made it up: it runs `find`, or throws where too much was asked for already
 * that is not there.
 */
export type BoundedLookup = <T>(find: () => Promise<T | undefined>) => Promise<T | undefined>;
