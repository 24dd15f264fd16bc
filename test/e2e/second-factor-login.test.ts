import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestApp, type TestApp } from '../factories/app.js';
import { beginLogin, registerWithTotp } from '../factories/people.js';

describe('a login with a second factor', () => {
  let world: TestApp;
  beforeAll(async () => {
    world = await startTestApp();
  });
  afterAll(() => world.stop());

  it('ends with tokens for the right code, and refuses the same code afterwards', async () => {
    const person = await registerWithTotp(world);
    const code = person.code();
    const first = await beginLogin(world, person);
    const verified = await world.client.post(
      `/v1/challenges/${first.id}/verify`,
      { code },
      { token: first.tempToken },
    );
    expect(verified.status).toBe(200);
    expect(verified.body).toMatchObject({
      status: 'authenticated',
      user: { email: person.email },
      expiresIn: 900,
    });

    const second = await beginLogin(world, person);
    const replayed = await world.client.post(
      `/v1/challenges/${second.id}/verify`,
      { code },
      { token: second.tempToken },
    );
    expect(replayed.status).toBe(422);
    expect(replayed.body).toMatchObject({ code: 'answer_rejected', attemptsLeft: 4 });
  });
});
