import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { Failure } from './repository.mjs';

const TRIES = 3;
const LONGEST_START_MS = 20_000;

/**
 * Redis in the foreground, with a watcher beside it that ends it and removes its folder when our end of the pipe
 * closes: when it is stopped, or when the process that started it is gone in whatever way.
 */
const GUARDED = `
exec 3<&0
{ cat <&3; kill $$; for try in 1 2 3 4 5 6 7 8 9; do kill -0 $$ || break; sleep 0.1; done; rm -rf -- "$2"; } >/dev/null 2>&1 &
exec redis-server --port "$1" --bind 127.0.0.1 --dir "$2" --save '' --appendonly no --maxmemory-policy noeviction
`;

/**
 * Starts a Redis of our own on a free port, which keeps nothing on disk.
 * @returns {Promise<{ url: string, stop: () => Promise<void> } | undefined>} `undefined` where there is no redis-server
 */
export async function startTestRedis() {
  if (!isOnThisMachine()) return undefined;
  for (let attempt = 1; ; attempt += 1) {
    const port = await freePort();
    const started = await startOn(port);
    if (started.ready) return { url: `redis://127.0.0.1:${port}`, stop: started.stop };
    await started.stop();
    if (attempt === TRIES) throw new Failure(`redis-server does not start:\n${started.output}`);
  }
}

function isOnThisMachine() {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => existsSync(join(folder, 'redis-server')));
}

async function startOn(port) {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-redis-'));
  // A session of its own: a Ctrl-C is for the tests, which still need it to end well.
  const child = spawn('/bin/sh', ['-c', GUARDED, 'sh', String(port), folder], {
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  child.unref();
  const ended = new Promise((resolve) => child.on('exit', resolve));
  const stop = async () => {
    child.ref();
    child.stdin.end();
    await ended;
  };
  let output = '';
  const ready = await new Promise((resolve) => {
    const timer = setTimeout(() => resolve(false), LONGEST_START_MS);
    const read = (text) => {
      output += text;
      if (output.includes('Ready to accept connections')) resolve(true);
    };
    child.stdout.setEncoding('utf8').on('data', read);
    child.stderr.setEncoding('utf8').on('data', read);
    child.on('error', () => resolve(false));
    void ended.then(() => resolve(false)).then(() => clearTimeout(timer));
  });
  return { ready, stop, output };
}

/** A port of 127.0.0.1 that nothing listens on at the moment. */
function freePort() {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.on('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}
