import type { Line } from './compared.mjs';

/** The lines as one table. */
export function table(lines: readonly Line[]): string;
