import { connect } from 'node:net';
import type { Answer } from './client.js';

const PATIENCE_MS = 10_000;

/**
 * Writes bytes to a port and reads what comes back until the other side closes. Requests that are well formed ask for
 * that with `Connection: close`.
 * @returns the first answer, with how many there were; `undefined` where the connection was closed without one
 */
export async function sendRaw(
  baseUrl: string,
  bytes: string | Uint8Array,
): Promise<(Answer & { readonly answers: number }) | undefined> {
  const { hostname, port } = new URL(baseUrl);
  const text = await new Promise<string>((resolve, reject) => {
    const chunks: Buffer[] = [];
    const socket = connect({ host: hostname, port: Number(port) }, () => socket.write(bytes));
    socket.setTimeout(PATIENCE_MS, () => socket.destroy(new Error('the connection was left open')));
    socket.on('data', (chunk) => chunks.push(chunk));
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'ECONNRESET' && error.code !== 'EPIPE') reject(error);
    });
    socket.on('close', () => resolve(Buffer.concat(chunks).toString('latin1')));
  });
  return text === '' ? undefined : answerIn(text);
}

function answerIn(text: string): Answer & { readonly answers: number } {
  const [head = '', ...rest] = text.split('\r\n\r\n');
  const [statusLine = '', ...lines] = head.split('\r\n');
  const headers = new Headers();
  for (const line of lines) {
    const colon = line.indexOf(':');
    headers.append(line.slice(0, colon), line.slice(colon + 1).trim());
  }
  const body = rest.join('\r\n\r\n').slice(0, Number(headers.get('content-length') ?? 0));
  return {
    status: Number(statusLine.split(' ')[1]),
    headers,
    body: body.startsWith('{') ? (JSON.parse(Buffer.from(body, 'latin1').toString('utf8')) as unknown) : body,
    // A body ends without a line end: the next answer may begin anywhere.
    answers: text.match(/HTTP\/1\.1 \d{3} /g)?.length ?? 0,
  };
}
