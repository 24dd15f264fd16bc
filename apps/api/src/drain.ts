import { type IncomingMessage, type Server as HttpServer, type ServerResponse } from 'node:http';
import { Server, type Socket } from 'node:net';
import { setImmediate as turn, setTimeout as pause } from 'node:timers/promises';

// So long a client that keeps its connection may still send on it, before it is closed under its hands.
const GRACE_MS = 500;
const LOOK_EVERY_MS = 50;
// No new connection may come for this long before the listener is closed.
const QUIET_MS = 50;
// Leaves time, of the 30 seconds that a stop may take, to close database and store in order.
const LONGEST_MS = 25_000;

/**
 * Stops an HTTP server without dropping a request: new connections are refused, requests under way are answered, and
 * every answer from now on tells its client that this connection ends (RFC 9112 section 9.6). Node's own
 * `close` would cut idle connections at once, just when a client sends its next request on one, and would wait for
 * others until their keep-alive time is over.
 */
export class Drain {
  /**
   * Each connection, with the answer under way on it; the last one where its client has asked ahead. There is no set of
   * answers: a set that is written for each request leaves behind it a chain of its former tables, each of which V8
   * keeps alive, with the answers in it, by the one before (docs/performance.md).
   */
  readonly #connections = new Map<Socket, ServerResponse | undefined>();
  #accepted = 0;
  #draining = false;

  /** @param server one that does not listen yet, so that no connection is missed */
  constructor(private readonly server: HttpServer) {
    server.on('connection', (socket: Socket) => {
      this.#accepted += 1;
      this.#connections.set(socket, undefined);
      socket.once('close', () => this.#connections.delete(socket));
    });
    server.prependListener('request', ({ socket }: IncomingMessage, answer: ServerResponse) => {
      if (this.#draining) answer.setHeader('Connection', 'close');
      this.#connections.set(socket, answer);
      answer.once('close', () => {
        if (this.#connections.get(socket) === answer) this.#connections.set(socket, undefined);
      });
    });
  }

  /** Resolves when the last connection has ended, at the latest after 25 seconds. */
  async run(): Promise<void> {
    if (!this.server.listening) return;
    const release = await this.#acceptWaiting();
    this.#draining = true;
    for (const answer of this.#connections.values()) {
      if (answer?.headersSent === false) answer.setHeader('Connection', 'close');
    }
    const begun = performance.now();
    await new Promise<void>((resolve) => {
      const timer = setInterval(() => this.#closeConnections(performance.now() - begun), LOOK_EVERY_MS);
      // Not the HTTP server's `close`, which ends idle connections at once.
      Server.prototype.close.call(this.server, () => {
        clearInterval(timer);
        resolve();
      });
      release();
    });
  }

  // Connections that were made already and wait to be accepted would be reset by closing the listener. They are read
  // once it is closed: a client that has its answer makes its next connection, and the queue would never be empty.
  async #acceptWaiting(): Promise<() => void> {
    const release = holdConnections(this.server);
    const begun = performance.now();
    // Those who have just been answered may be about to connect.
    while ((await this.#acceptsAfter(() => pause(QUIET_MS))) && performance.now() - begun < GRACE_MS);
    // Node takes in one at each turn of its event loop, and the first turn may be half over.
    while ((await this.#acceptsAfter(twoTurns)) && performance.now() - begun < 2 * GRACE_MS);
    return release;
  }

  async #acceptsAfter(wait: () => Promise<unknown>): Promise<boolean> {
    const before = this.#accepted;
    await wait();
    return this.#accepted > before;
  }

  #closeConnections(afterMs: number): void {
    if (afterMs < GRACE_MS) return;
    this.server.closeIdleConnections();
    for (const socket of this.#connections.keys()) {
      // Opened ahead of need, as browsers and balancers do: to Node it is waiting for a request, not idle.
      if (socket.bytesRead === 0 || afterMs > LONGEST_MS) socket.destroy();
    }
  }
}

/** Has new connections wait before a byte of them is read as HTTP. @returns what gives them to the server */
function holdConnections(server: HttpServer): () => void {
  // Of those that listen, the one of Node's HTTP server begins to read; others only take note.
  const listeners = server.listeners('connection') as ((socket: Socket) => void)[];
  const [read] = listeners;
  if (read === undefined) return () => undefined;
  const held: Socket[] = [];
  const hold = (socket: Socket): void => {
    held.push(socket);
    // A connection that is reset meanwhile is closed: there is no one left to answer.
    socket.on('error', passOver);
  };
  server.off('connection', read);
  server.on('connection', hold);
  return () => {
    server.off('connection', hold);
    server.prependListener('connection', read);
    for (const socket of held) {
      if (socket.destroyed) continue;
      read.call(server, socket);
      socket.off('error', passOver);
    }
  };
}

async function twoTurns(): Promise<void> {
  await turn();
  await turn();
}

function passOver(): void {
  // Nothing follows from it.
}
