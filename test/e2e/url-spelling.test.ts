import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CONTRACT_LIMITS, startTestApp, type TestApp } from '../factories/app.js';

/** Sends a request target as it is, which `fetch` would tidy up. @returns the whole answer */
function sendRaw(baseUrl: string, target: string, body: string): Promise<string> {
  const { hostname, port } = new URL(baseUrl);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname);
    let answer = '';
    socket.on('data', (chunk) => (answer += chunk.toString()));
    socket.on('end', () => resolve(answer));
    socket.on('error', reject);
    socket.write(
      `POST ${target} HTTP/1.1\r\nHost: ${hostname}\r\nConnection: close\r\nContent-Type: application/json\r\n` +
        `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    );
  });
}

describe('a route under another spelling of its path', () => {
  let world: TestApp;
  beforeAll(async () => {
    world = await startTestApp({ env: CONTRACT_LIMITS });
  });
  afterAll(() => world.stop());

  it.each([
    ['percent-encoded', () => '/%761/auth/%6cogin'],
    ['in absolute form', () => `${world.client.baseUrl}/v1/auth/login`],
  ])('%s is limited and protected all the same', async (how, target) => {
    const body = JSON.stringify({
      email: `${how.replace(/\W/g, '')}@example.com`,
      password: 'a wrong password',
    });
    const answers: string[] = [];
    for (let time = 0; time < 6; time += 1) {
      answers.push(await sendRaw(world.client.baseUrl, target(), body));
    }

    expect(answers.map((answer) => answer.slice(9, 12))).toEqual(['401', '401', '401', '401', '401', '429']);
    for (const answer of answers) {
      expect(answer.toLowerCase()).toContain('cache-control: no-store');
      expect(answer.toLowerCase()).toContain('ratelimit: "login"');
    }
  });
});
