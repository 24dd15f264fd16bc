/** An answer as tests look at it. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** Parsed JSON, or the text where it is none; absent for an empty body. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- tests reach into whatever came back
  readonly body: any;
}

/** What a test request may carry beside method and path. */
export interface Sent {
  /** Sent as JSON; a string or bytes are sent as they are. */
  readonly body?: unknown;
  /** Sent as `Authorization: Bearer …`. */
  readonly token?: string | undefined;
  readonly headers?: Record<string, string>;
}

/** Speaks HTTP to one running instance. */
export class Client {
  constructor(readonly baseUrl: string) {}

  get(path: string, sent: Sent = {}): Promise<Answer> {
    return this.send('GET', path, sent);
  }

  post(path: string, body?: unknown, sent: Omit<Sent, 'body'> = {}): Promise<Answer> {
    return this.send('POST', path, { ...sent, body });
  }

  patch(path: string, body?: unknown, sent: Omit<Sent, 'body'> = {}): Promise<Answer> {
    return this.send('PATCH', path, { ...sent, body });
  }

  delete(path: string, sent: Sent = {}): Promise<Answer> {
    return this.send('DELETE', path, sent);
  }

  async send(method: string, path: string, { body, token, headers }: Sent): Promise<Answer> {
    const raw = typeof body === 'string' || body instanceof Uint8Array;
    const response = await fetch(`${this.baseUrl}${path}`, {
      method,
      headers: {
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...headers,
      },
      ...(body === undefined
        ? {}
        : { body: raw ? (body as string | Uint8Array<ArrayBuffer>) : JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: parsed(text) };
  }
}

function parsed(text: string): unknown {
  if (text === '') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
