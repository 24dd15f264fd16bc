import { SchedulerRegistry } from '@nestjs/schedule';
import { afterEach, describe, expect, it } from 'vitest';
import { startTestApp, type TestApp } from '../factories/app.js';

describe('the role', () => {
  let world: TestApp;
  afterEach(() => world.stop());

  const scheduled = (): number => world.app.get(SchedulerRegistry, { strict: false }).getCronJobs().size;

  it('all serves requests and does the scheduled work', async () => {
    world = await startTestApp({ env: { ROLE: 'all' } });
    expect(scheduled()).toBeGreaterThan(0);
    expect((await world.client.get('/.well-known/jwks.json')).status).toBe(200);
  });

  it('api serves requests and leaves the scheduled work to others', async () => {
    world = await startTestApp({ env: { ROLE: 'api' } });
    expect(scheduled()).toBe(0);
    expect((await world.client.get('/.well-known/jwks.json')).status).toBe(200);
  });

  it('worker does the scheduled work and answers for its health, and for nothing else', async () => {
    world = await startTestApp({ env: { ROLE: 'worker' } });
    expect(scheduled()).toBeGreaterThan(0);
    for (const path of ['/health', '/health/live', '/health/ready']) {
      expect((await world.client.get(path)).status, path).toBe(200);
    }
    for (const path of ['/v1/me', '/v1/factor-types', '/.well-known/jwks.json', '/openapi.json', '/docs']) {
      expect(await world.client.get(path), path).toMatchObject({ status: 404, body: { code: 'not_found' } });
    }
    const login = await world.client.post('/v1/auth/login', {
      email: 'jo@example.com',
      password: 'a phrase',
    });
    expect(login.status).toBe(404);
  });
});
