/** One broken rule. `file` is relative to the root, `line` counts from 1. */
export interface Violation {
  readonly file: string;
  readonly line: number;
  readonly what: string;
  readonly why: string;
}

/** Checks that the imports of a tree keep to architecture.md; empty where all is well. */
export function checkFloors(root: string): readonly Violation[];
