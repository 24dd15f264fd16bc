import { figure, inTurn, ratios, series, target } from '../lib/compared.mjs';
import { measured } from '../lib/load.mjs';
import { passwordLogins, seedAccounts } from './p2-login.mjs';
import { seedOnce, verifications } from './p1-verify.mjs';
import { keyChecks } from './p4-key.mjs';

export const p3b = {
  id: 'P3b',
  title: '8 connections each of P1 and P4 while 16 log in without pause',
  async run({ world, runs, seconds, tell }) {
    const service = await world.service();
    try {
      await seedOnce(world, tell);
      const key = await world.apiKey(service);
      const load = {
        logins: { connections: 16, seconds, requests: passwordLogins(await seedAccounts(world)) },
        verifications: { connections: 8, seconds, requests: verifications(key) },
        checks: { connections: 8, seconds, requests: keyChecks(key) },
      };
      const results = await inTurn(
        runs,
        {
          'P3b checks alone': () => measured(service, load.checks),
          'P3b logins alone': () => measured(service, load.logins),
          'P3b all at once': async () => {
            const [checks, verified, logins] = await Promise.all([
              measured(service, load.checks),
              measured(service, load.verifications),
              measured(service, load.logins),
            ]);
            return { checks, verified, logins };
          },
        },
        tell,
      );
      const together = results['P3b all at once'];
      const of = (name, property) => series(series(together, name), property);
      const checksAlone = series(results['P3b checks alone'], 'perSecond');
      const loginsAlone = series(results['P3b logins alone'], 'perSecond');
      return [
        figure('P3b', 'verifications meanwhile', of('verified', 'perSecond'), '/s'),
        target('P3b', 'p99 of P4', of('checks', 'p99'), 'ms', { atMost: 25 }),
        target('P3b', 'p99 of P1', of('verified', 'p99'), 'ms', { atMost: 60 }),
        target('P3b', 'P4 of its idle rate', ratios(of('checks', 'perSecond'), checksAlone), '', {
          atLeast: 0.2,
        }),
        target('P3b', 'logins of theirs', ratios(of('logins', 'perSecond'), loginsAlone), '', {
          atLeast: 0.5,
        }),
      ];
    } finally {
      await service.stop();
    }
  },
};
