import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';

/** A message as a receiver got it. */
export interface ReceivedMessage {
  readonly id: string;
  readonly headers: Record<string, string>;
  readonly body: string;
}

/** How a receiver answers. */
export type Answering = (
  request: IncomingMessage,
  response: ServerResponse,
  message: ReceivedMessage,
) => void;

/** A server of somebody's that webhooks are delivered to. */
export interface Receiver {
  readonly url: string;
  readonly port: number;
  /** In the order in which they came. */
  readonly messages: ReceivedMessage[];
  /** From now on. */
  answer: Answering;
  /** The types of what came, each with how often. */
  types(): Record<string, number>;
  stop(): Promise<void>;
}

const ACCEPT: Answering = (_request, response) => {
  response.writeHead(204).end();
};

/** Starts a receiver on 127.0.0.1. */
export async function startReceiver(answer: Answering = ACCEPT, port = 0): Promise<Receiver> {
  const messages: ReceivedMessage[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const message = {
        id: String(request.headers['webhook-id']),
        headers: request.headers as Record<string, string>,
        body: Buffer.concat(chunks).toString('utf8'),
      };
      messages.push(message);
      receiver.answer(request, response, message);
    });
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const receiver: Receiver = {
    url: `http://127.0.0.1:${address.port}/hook`,
    port: address.port,
    messages,
    answer,
    types: () => {
      const counts: Record<string, number> = {};
      for (const { body } of messages) {
        const { type } = JSON.parse(body) as { type: string };
        counts[type] = (counts[type] ?? 0) + 1;
      }
      return counts;
    },
    stop: () => stopServer(server),
  };
  return receiver;
}

function stopServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
