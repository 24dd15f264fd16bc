import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';

const CONNECT_MS = 2_000;
const ANSWER_MS = 5_000;
const LONGEST_ANSWER = 64 * 1024;
const GATEWAY_TIMEOUT = 504;
/** The system's own word for it, which is what operators look up. */
const TOO_LATE = 'ETIMEDOUT';

/** A request to a vendor on the internet. */
export interface VendorRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** What came of it. */
export type VendorAnswer =
  | { readonly outcome: 'answered'; readonly status: number; readonly body: string }
  /** The request was written, and no answer came in time, or a gateway's 504: the vendor may have acted on it. */
  | { readonly outcome: 'unanswered' }
  /** There was no connection, or it broke before an answer began; `cause` is the error's code. */
  | { readonly outcome: 'unreachable'; readonly cause: string };

/**
 * Posts to a vendor: on a connection of its own, so that one gone stale cannot be mistaken for a failure; without
 * following redirects; for at most five seconds and 64 KiB. Written on `node:http`, because fetch does not tell
 * whether a request was written before it failed, and a message must not be sent twice.
 */
function postToVendor(request: VendorRequest): Promise<VendorAnswer> {
  return new Promise((resolve) => {
    const secure = request.url.startsWith('https:');
    let written = false;
    let connected = false;
    const end = (answer: VendorAnswer): void => {
      clearTimeout(connecting);
      clearTimeout(answering);
      resolve(answer);
      outgoing.destroy();
    };
    const outgoing = (secure ? httpsRequest : httpRequest)(
      request.url,
      {
        method: 'POST',
        agent: false,
        headers: { ...request.headers, 'content-length': String(Buffer.byteLength(request.body)) },
      },
      (incoming) => {
        const status = incoming.statusCode ?? 0;
        let body = '';
        const done = (): void =>
          end(status === GATEWAY_TIMEOUT ? { outcome: 'unanswered' } : { outcome: 'answered', status, body });
        incoming.setEncoding('utf8');
        incoming.on('data', (chunk: string) => {
          body += chunk;
          if (body.length > LONGEST_ANSWER) done();
        });
        incoming.on('end', done);
        // The status has come: whatever the rest would have said, it was decided.
        incoming.on('error', done);
      },
    );
    const connecting = setTimeout(() => {
      if (!connected) end({ outcome: 'unreachable', cause: TOO_LATE });
    }, CONNECT_MS);
    const answering = setTimeout(
      () => end(written ? { outcome: 'unanswered' } : { outcome: 'unreachable', cause: TOO_LATE }),
      ANSWER_MS,
    );
    outgoing.on('socket', (socket) => {
      socket.once(secure ? 'secureConnect' : 'connect', () => {
        connected = true;
      });
    });
    outgoing.on('finish', () => {
      written = connected;
    });
    outgoing.on('error', ({ code }: NodeJS.ErrnoException) =>
      end({ outcome: 'unreachable', cause: code ?? 'unknown' }),
    );
    outgoing.end(request.body);
  });
}

/** The same, once more where the vendor could not be reached. */
export async function postToVendorTwice(request: VendorRequest): Promise<VendorAnswer> {
  const first = await postToVendor(request);
  return first.outcome === 'unreachable' ? postToVendor(request) : first;
}

/** The server of a vendor's URL, for the log: nothing else of the URL, which may hold a secret. */
export function serverOf(url: string): string {
  const { hostname, port, protocol } = new URL(url);
  return `${hostname}:${port === '' ? (protocol === 'http:' ? '80' : '443') : port}`;
}
