// A webhook receiver in a process of its own: it counts, and tells its parent of each message when asked to.
import { createServer } from 'node:http';

let count = 0;
let awaited = false;
const server = createServer((request, response) => {
  request.resume();
  request.on('end', () => {
    count += 1;
    response.writeHead(204).end();
    if (!awaited) return;
    awaited = false;
    process.send({ arrived: true });
  });
});
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }));
process.on('message', (message) => {
  if (message === 'await') awaited = true;
  if (message === 'count') process.send({ count });
});
