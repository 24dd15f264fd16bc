import 'reflect-metadata';
import { setFlagsFromString } from 'node:v8';

// What a start makes and throws away would leave V8 with a large space for new objects (22 MB), which an idle service
// has no use for. When there is something to do it may grow, in fewer steps than usual, so that it has soon done so.
setFlagsFromString('--semi-space-growth-factor=1');
const { run } = await import('./run.js');
await run(process.argv.slice(2), process.env);
setFlagsFromString('--semi-space-growth-factor=4');
