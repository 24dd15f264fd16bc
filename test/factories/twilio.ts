import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import twilio from 'twilio';

/** A message that was asked of the stand-in. */
export interface AskedSms {
  readonly To: string;
  readonly From?: string;
  readonly Body: string;
  readonly StatusCallback?: string;
  readonly [field: string]: string | undefined;
}

/** What the stand-in does with the next message, and so on; the last one goes on. */
export type TwilioConduct =
  | 'accept'
  /** Takes the message, and answers when it is let go. */
  | 'accept-late'
  /** Cuts the connection before it has read anything. */
  | 'cut'
  /** Answers with an error of Twilio's, by its code. */
  | { readonly status: number; readonly code: number };

/** Twilio on loopback: its wire protocol, as far as sending goes. */
export interface TwilioStandIn {
  /** For `TWILIO_BASE_URL` and so on. */
  readonly env: Readonly<Record<string, string>>;
  /** Messages that were taken. */
  readonly taken: readonly AskedSms[];
  /** Connections that were opened. */
  connections(): number;
  /** What it does from now on. */
  behave(...conduct: readonly TwilioConduct[]): void;
  /** The signature of a report, as Twilio makes it. */
  sign(url: string, fields: Readonly<Record<string, string>>): string;
  stop(): Promise<void>;
}

const ACCOUNT = 'AC0123456789abcdef0123456789abcdef';
const TOKEN = 'the-auth-token-of-a-test';

/** Starts one on a free port. */
export async function startTwilio(): Promise<TwilioStandIn> {
  const taken: AskedSms[] = [];
  const open = new Set<Socket>();
  let connections = 0;
  let plan: readonly TwilioConduct[] = ['accept'];
  const next = (): TwilioConduct => {
    const [first = 'accept', ...rest] = plan;
    if (rest.length > 0) plan = rest;
    return first;
  };
  const server = createServer((request, response) => {
    void answer(request, response);
  });
  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    const expected = `Basic ${Buffer.from(`${ACCOUNT}:${TOKEN}`).toString('base64')}`;
    if (request.headers.authorization !== expected) return reply(response, 401, { code: 20003, status: 401 });
    if (request.url !== `/2010-04-01/Accounts/${ACCOUNT}/Messages.json`) return reply(response, 404, {});
    const conduct = next();
    if (typeof conduct === 'object') {
      const { code, status } = conduct;
      return reply(response, status, { code, status, message: 'not today', more_info: '' });
    }
    taken.push(Object.fromEntries(new URLSearchParams(body)) as unknown as AskedSms);
    if (conduct === 'accept-late') return;
    reply(response, 201, { sid: `SM${String(taken.length).padStart(32, '0')}`, status: 'queued' });
  }
  server.on('connection', (socket) => {
    connections += 1;
    open.add(socket);
    socket.on('close', () => open.delete(socket));
    if (plan[0] === 'cut') {
      next();
      socket.destroy();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    env: {
      TWILIO_ACCOUNT_SID: ACCOUNT,
      TWILIO_AUTH_TOKEN: TOKEN,
      TWILIO_FROM: '+14155550100',
      TWILIO_BASE_URL: `http://127.0.0.1:${port}`,
    },
    taken,
    connections: () => connections,
    behave: (...conduct) => {
      plan = conduct;
    },
    sign: (url, fields) => twilio.getExpectedTwilioSignature(TOKEN, url, fields),
    stop: async () => {
      for (const socket of open) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function reply(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
