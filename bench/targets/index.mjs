import { p1 } from './p1-verify.mjs';
import { p2, p3 } from './p2-login.mjs';
import { p3b } from './p3b-isolation.mjs';
import { p4 } from './p4-key.mjs';
import { p5 } from './p5-session.mjs';
import { p6 } from './p6-growth.mjs';
import { p7 } from './p7-memory.mjs';
import { p8 } from './p8-start.mjs';
import { p9 } from './p9-webhooks.mjs';
import { p10 } from './p10-instances.mjs';

/** Every target, in the order in which they are measured. */
export const targets = [p1, p2, p3, p3b, p4, p5, p6, p7, p8, p9, p10];
