import { Foundation0000000000001 } from './0001-foundation.js';
import { Messages0000000000002 } from './0002-messages.js';

/** Every migration, oldest first. */
export const migrations = [Foundation0000000000001, Messages0000000000002];
