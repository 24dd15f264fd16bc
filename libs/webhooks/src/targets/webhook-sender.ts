import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { getConfigToken } from '@nestjs/config';
import {
  Agent as HttpAgent,
  type AgentOptions,
  type ClientRequest,
  type IncomingMessage,
  request as httpRequest,
} from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import type { WebhooksConfig } from '../webhooks.config.js';
import { hostOf, TargetPolicy, TargetRefused } from './target-policy.js';

/** A message that goes to a receiver. */
export interface Outgoing {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Why nothing came of an attempt, in a word. */
export type SendingFault =
  'timeout' | 'address_refused' | 'name_not_found' | 'connection_refused' | 'connection_lost' | 'tls';

/** What a receiver answered, or why it did not. */
export type Received =
  | { readonly answered: true; readonly status: number; readonly excerpt: string | null }
  | { readonly answered: false; readonly fault: SendingFault };

const IDLE_SOCKETS_PER_HOST = 16;
const EXCERPT_BYTES = 1_024;
const MOST_BYTES = 16_384;
/** So long an answer's body may go on after its head: whoever drips holds nobody up. */
const BODY_WITHIN_MS = 1_000;
/** Answers such as 103 before the one that counts. */
const MAX_PROVISIONAL_ANSWERS = 16;

/**
 * Brings messages to receivers: to addresses that were looked at when the connection was made, without following
 * redirects, in bounded time and with bounded bytes (security.md, rule 11).
 */
@Injectable()
export class WebhookSender implements OnApplicationShutdown {
  readonly #agents: Readonly<Record<'kept' | 'new', Agents>>;

  constructor(
    private readonly policy: TargetPolicy,
    @Inject(getConfigToken('webhooks')) private readonly config: WebhooksConfig,
  ) {
    const lookup = this.#lookup();
    this.#agents = {
      // Many webhooks may live on one host; how many are called at once, the dispatcher decides.
      kept: agentsOf({ keepAlive: true, maxFreeSockets: IDLE_SOCKETS_PER_HOST, lookup }),
      new: agentsOf({ keepAlive: false, lookup }),
    };
  }

  onApplicationShutdown(): void {
    for (const agents of Object.values(this.#agents)) {
      agents['http:'].destroy();
      agents['https:'].destroy();
    }
  }

  /** Sends once. Never rejects. */
  async send(message: Outgoing): Promise<Received> {
    const url = URL.parse(message.url);
    if (url === null) return { answered: false, fault: 'address_refused' };
    // No name is looked up for an address, so that it has to be looked at here.
    if (isIP(hostOf(url)) !== 0 && this.policy.reach(hostOf(url)) === 'refused') {
      return { answered: false, fault: 'address_refused' };
    }
    const until = performance.now() + this.config.timeoutMs;
    const received = await this.#exchange(url, message, until, 'kept');
    // Nobody has read what went into a connection that its other end had closed already.
    return received === 'closed-before' ? this.#exchange(url, message, until, 'new').then(certain) : received;
  }

  #exchange(
    url: URL,
    message: Outgoing,
    until: number,
    connection: 'kept' | 'new',
  ): Promise<Received | 'closed-before'> {
    return new Promise((resolve) => {
      const sent = this.#request(url, message, connection);
      const deadline = setTimeout(() => sent.destroy(new Late()), until - performance.now());
      const end = (received: Received | 'closed-before'): void => {
        clearTimeout(deadline);
        resolve(received);
      };
      let answered = false;
      sent.on('error', (error) => {
        // Once there is a status, whatever happens to the rest is of no account.
        if (answered) return;
        end(closedBefore(sent, error) ? 'closed-before' : { answered: false, fault: faultOf(error) });
      });
      // Also where there was neither answer nor error: one who switches protocols is left without either.
      sent.on('close', () => {
        if (!answered) end({ answered: false, fault: 'connection_lost' });
      });
      let provisional = 0;
      sent.on('information', () => {
        provisional += 1;
        if (provisional > MAX_PROVISIONAL_ANSWERS) sent.destroy(new Error('too many provisional answers'));
      });
      sent.on('response', (answer) => {
        answered = true;
        void this.#read(answer).then((excerpt) => {
          end({ answered: true, status: answer.statusCode ?? 0, excerpt });
        });
      });
      sent.end(message.body);
    });
  }

  #request(url: URL, { headers, body }: Outgoing, connection: 'kept' | 'new'): ClientRequest {
    const options = {
      method: 'POST',
      headers: { ...headers, 'content-length': String(Buffer.byteLength(body)) },
    };
    const agents = this.#agents[connection];
    return url.protocol === 'https:'
      ? httpsRequest(url, { ...options, agent: agents['https:'] })
      : httpRequest(url, { ...options, agent: agents['http:'] });
  }

  // Resolves with the beginning of the body, where it may be shown: what a private network says is not passed on.
  async #read(answer: IncomingMessage): Promise<string | null> {
    const shown = this.policy.reach(answer.socket.remoteAddress ?? '') === 'public';
    const chunks: Buffer[] = [];
    let bytes = 0;
    await new Promise<void>((resolve) => {
      const enough = (): void => {
        clearTimeout(timer);
        // Frees the connection's slot; a body that has ended has freed it already, for the next message.
        if (!answer.complete) answer.destroy();
        resolve();
      };
      const timer = setTimeout(enough, BODY_WITHIN_MS);
      answer.on('data', (chunk: Buffer) => {
        if (bytes < EXCERPT_BYTES) chunks.push(chunk);
        bytes += chunk.length;
        if (bytes > MOST_BYTES) enough();
      });
      for (const event of ['end', 'error', 'close']) answer.on(event, enough);
    });
    if (!shown || bytes === 0) return null;
    const text = Buffer.concat(chunks).subarray(0, EXCERPT_BYTES).toString('utf8');
    // A cut may leave half a character at the end.
    return text.replace(/\uFFFD+$/, '').replace(/[\p{Cc}\p{Cs}]/gu, ' ');
  }

  #lookup(): LookupFunction {
    return (host, options, decide) => {
      this.policy.resolve(host).then(
        (addresses) => {
          const found = addresses.map((address) => ({ address, family: isIP(address) }));
          const [first] = found;
          if (options.all === true) decide(null, found);
          else if (first === undefined) decide(new Error('no address'), '', 0);
          else decide(null, first.address, first.family);
        },
        (error: unknown) => decide(error instanceof Error ? error : new Error('no address'), '', 0),
      );
    };
  }
}

interface Agents {
  readonly 'http:': HttpAgent;
  readonly 'https:': HttpsAgent;
}

function agentsOf(options: AgentOptions): Agents {
  return { 'http:': new HttpAgent(options), 'https:': new HttpsAgent(options) };
}

function closedBefore(sent: ClientRequest, error: NodeJS.ErrnoException): boolean {
  return sent.reusedSocket && ['ECONNRESET', 'EPIPE'].includes(error.code ?? '');
}

function certain(received: Received | 'closed-before'): Received {
  return received === 'closed-before' ? { answered: false, fault: 'connection_lost' } : received;
}

/** Raised inside a request that took too long. */
class Late extends Error {}

function faultOf(error: Error & { readonly code?: unknown }): SendingFault {
  if (error instanceof Late) return 'timeout';
  if (error instanceof TargetRefused) return 'address_refused';
  const code = typeof error.code === 'string' ? error.code : '';
  if (['ENOTFOUND', 'EAI_AGAIN', 'ENODATA'].includes(code)) return 'name_not_found';
  if (['ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH'].includes(code)) return 'connection_refused';
  if (code === 'ETIMEDOUT') return 'timeout';
  return /^(ERR_(TLS|SSL)|CERT|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO|EPROTO|HOSTNAME)/.test(code)
    ? 'tls'
    : 'connection_lost';
}
