import type { z } from 'zod';

/** Which surroundings the process runs in. */
export type Environment = 'development' | 'test' | 'production';

/** Unsafe choices that an operator may accept for production by name. */
export const ALLOWANCES = ['embedded-database', 'in-process-store', 'http-public-url'] as const;
export type Allowance = (typeof ALLOWANCES)[number];

/** What every section may ask of the surroundings. */
export interface Surroundings {
  readonly environment: Environment;
  readonly production: boolean;
  readonly allowed: ReadonlySet<Allowance>;
}

/** A wrong value: the variable, and what was expected. */
export interface ConfigFault {
  readonly variable: string;
  readonly message: string;
}

/**
 * One library's part of the configuration: its variables, as strings in and values out, and the frozen slice
 * that is injected under `getConfigToken(name)`.
 */
export interface ConfigSection<
  Name extends string = string,
  Shape extends z.ZodRawShape = z.ZodRawShape,
  Slice extends object = object,
> {
  readonly name: Name;
  readonly variables: Shape;
  /** Variables that also have a `*_FILE` form. */
  readonly secrets: readonly (keyof Shape & string)[];
  /** What cannot be safe here: one fault per variable. */
  refuse?(values: z.output<z.ZodObject<Shape>>, surroundings: Surroundings): ConfigFault[];
  /** Makes the slice. Called only when no section has a fault. */
  read(values: z.output<z.ZodObject<Shape>>, surroundings: Surroundings): Slice;
}

/** Keeps the types of a section together. */
export function defineSection<Name extends string, Shape extends z.ZodRawShape, Slice extends object>(
  section: ConfigSection<Name, Shape, Slice>,
): ConfigSection<Name, Shape, Slice> {
  return section;
}
