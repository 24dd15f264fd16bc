import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { ENTRY, Failure, projectNode, ROOT } from './repository.mjs';

/** Where the contract is kept. */
export const SNAPSHOT = join(ROOT, 'docs/openapi.json');

const LONGEST_START_MS = 30_000;
const BETWEEN_TRIES_MS = 50;

/**
 * The OpenAPI document as the built service serves it. Only the build knows it all: the compiler's plugin reads the
 * types and comments of the DTOs.
 * @param {string} databaseUrl an empty database; it is migrated
 * @returns {Promise<object>}
 */
export async function servedOpenApi(databaseUrl) {
  const port = await freePort();
  const env = {
    PATH: process.env.PATH,
    NODE_ENV: 'test',
    DATABASE_URL: databaseUrl,
    MASTER_KEY: randomBytes(32).toString('base64'),
    BOOTSTRAP_ADMIN_EMAIL: 'openapi@example.com',
    BOOTSTRAP_ADMIN_PASSWORD: randomBytes(24).toString('base64'),
    HOST: '127.0.0.1',
    PORT: String(port),
    PUBLIC_URL: 'http://localhost:3000',
    LOG_LEVEL: 'error',
  };
  const child = spawn(projectNode(), [ENTRY], { cwd: ROOT, env, stdio: ['ignore', 'ignore', 'pipe'] });
  let errors = '';
  child.stderr.on('data', (chunk) => (errors += chunk));
  const ended = new Promise((resolve) => child.on('exit', resolve));
  try {
    return await Promise.race([
      untilServed(`http://127.0.0.1:${port}/openapi.json`),
      ended.then((code) => {
        throw new Failure(`the service ended with ${code} instead of serving its contract:\n${errors}`);
      }),
    ]);
  } finally {
    child.kill('SIGTERM');
    await ended;
  }
}

async function untilServed(url) {
  const patience = AbortSignal.timeout(LONGEST_START_MS);
  for (;;) {
    try {
      const answer = await fetch(url, { signal: patience });
      return await answer.json();
    } catch (error) {
      if (patience.aborted) throw new Failure(`the service does not serve ${url}: ${error.message}`);
      await pause(BETWEEN_TRIES_MS);
    }
  }
}

function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}
