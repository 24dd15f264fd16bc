import { Foundation0000000000001 } from './0001-foundation.js';

/** Every migration, oldest first. */
export const migrations = [Foundation0000000000001];
