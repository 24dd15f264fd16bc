import pg, { type Client } from 'pg';

// What `pg` has and its types do not tell.
interface CancellingConnection {
  connect(port: number, host: string): void;
  requestSsl(): void;
  cancel(processId: number, secretKey: number): void;
  readonly stream: { destroy(): void };
  on(event: 'connect' | 'sslconnect' | 'error' | 'end', listener: () => void): void;
}

interface ConnectedClient {
  readonly host: string;
  readonly port: number;
  readonly ssl: pg.ConnectionConfig['ssl'];
  readonly processID: number | null;
  readonly secretKey: number | null;
}

/**
 * Asks PostgreSQL to cancel what a connection is busy with (CancelRequest, section 54.2.8 of its manual), on a connection
 * that is there for nothing else and takes no place of a back end. Whether it was heard shows on the first connection
 * alone.
 *
 * @param timeoutMs after which nothing more is tried
 */
export function cancelStatement(client: Client, timeoutMs: number): void {
  const { host, port, ssl, processID, secretKey } = client as unknown as ConnectedClient;
  if (processID === null || secretKey === null) return;
  const connection = new pg.Connection({ ssl }) as unknown as CancellingConnection;
  const timer = setTimeout(() => connection.stream.destroy(), timeoutMs);
  const ask = (): void => connection.cancel(processID, secretKey);
  connection.on('connect', () => (usesTls(ssl) ? connection.requestSsl() : ask()));
  connection.on('sslconnect', ask);
  connection.on('error', () => undefined);
  // PostgreSQL closes it without a word.
  connection.on('end', () => clearTimeout(timer));
  connection.connect(port, host.startsWith('/') ? `${host}/.s.PGSQL.${port}` : host);
}

function usesTls(ssl: pg.ConnectionConfig['ssl']): boolean {
  return ssl !== undefined && ssl !== false;
}
