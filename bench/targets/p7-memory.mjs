import { setTimeout as pause } from 'node:timers/promises';
import { figure, target } from '../lib/compared.mjs';
import { sent } from '../lib/load.mjs';
import { keyChecks } from './p4-key.mjs';

const FIRST = 100_000;
const REST = 900_000;
const IDLE_MS = 10_000;

export const p7 = {
  id: 'P7',
  title: 'memory',
  async run({ world, tell }) {
    const service = await world.service();
    try {
      const requests = keyChecks(await world.apiKey(service));
      tell('P7 idle');
      await pause(IDLE_MS);
      const idle = service.rssMb();
      tell(`P7 ${FIRST} requests`);
      await sent(service, { connections: 16, amount: FIRST, requests });
      const early = service.rssMb();
      tell(`P7 ${REST} requests more`);
      await sent(service, { connections: 16, amount: REST, requests });
      const late = service.rssMb();
      return [
        target('P7', 'RSS idle', [idle], 'MB', { atMost: 130 }),
        figure('P7', 'RSS after 100,000 requests', [early], 'MB'),
        target('P7', 'more after 1,000,000', [late - early], 'MB', { atMost: 20 }),
      ];
    } finally {
      await service.stop();
    }
  },
};
