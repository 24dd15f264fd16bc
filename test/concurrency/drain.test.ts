import { once } from 'node:events';
import { createServer, get } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it } from 'vitest';
import { Drain } from '../../apps/api/src/drain.js';
import { atOnce } from '../factories/pair.js';

const CLIENTS = 60;

it('a stop resets no client that makes a connection for each request', async () => {
  let answers = 0;
  const server = createServer((_request, answer) => {
    answers += 1;
    answer.end();
  });
  const drain = new Drain(server);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;

  const fates = atOnce(CLIENTS, async () => {
    for (;;) {
      const fate = await answered(port);
      if (fate !== 'answered') return fate;
    }
  });
  await expect.poll(() => answers).toBeGreaterThan(5 * CLIENTS);
  await drain.run();
  expect(new Set(await fates)).toEqual(new Set(['ECONNREFUSED']));
});

function answered(port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    get({ port, host: '127.0.0.1', agent: false }, (response) => {
      response.resume().on('end', () => resolve('answered'));
    }).on('error', ({ code }: NodeJS.ErrnoException) => resolve(code));
  });
}
