import { type ParsedMail, simpleParser } from 'mailparser';
import type { AddressInfo } from 'node:net';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import { eventually } from './process.js';

/** What a mail server does with a message. */
export type SmtpConduct =
  | 'accept'
  /** Refuses the recipient. */
  | 'refuse'
  /** Takes the message and never says so. */
  | 'accept-silently'
  /** Cuts the connection when it is greeted. */
  | 'cut';

/** A mail server on loopback. */
export interface MailServer {
  readonly env: Readonly<Record<string, string>>;
  readonly port: number;
  /** Mail that was taken, oldest first. */
  readonly taken: readonly ParsedMail[];
  /** Recipients as the envelopes named them (`RCPT TO`), oldest first. */
  readonly recipients: readonly string[];
  /** Connections that were opened. */
  connections(): number;
  behave(...conduct: readonly SmtpConduct[]): void;
  /** Waits for a mail to an address. */
  mailTo(address: string, fits?: (mail: ParsedMail) => boolean): Promise<ParsedMail>;
  stop(): Promise<void>;
}

/** Starts one on a free port. @param options of the server, over plain SMTP without authentication */
export async function startMailServer(options: SMTPServerOptions = {}): Promise<MailServer> {
  const taken: ParsedMail[] = [];
  const recipients: string[] = [];
  let connections = 0;
  let plan: readonly SmtpConduct[] = ['accept'];
  const next = (): SmtpConduct => {
    const [first = 'accept', ...rest] = plan;
    if (rest.length > 0) plan = rest;
    return first;
  };
  const server = new SMTPServer({
    disabledCommands: ['STARTTLS', 'AUTH'],
    logger: false,
    closeTimeout: 100,
    onRcptTo(_address, _session, done) {
      if (plan[0] === 'refuse') {
        next();
        done(Object.assign(new Error('no such user'), { responseCode: 550 }));
        return;
      }
      done();
    },
    onData(stream, _session, done) {
      void simpleParser(stream).then((mail) => {
        taken.push(mail);
        if (next() !== 'accept-silently') done();
      });
    },
    ...options,
  });
  server.on('error', () => undefined);
  server.server.on('connection', (socket) => {
    connections += 1;
    // As it came: the server's own reading decodes domains.
    socket.on('data', (bytes: Buffer) => {
      recipients.push(...[...bytes.toString().matchAll(/^RCPT TO:<(.*?)>/gim)].map(([, to = '']) => to));
    });
    if (plan[0] === 'cut') {
      next();
      socket.destroy();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  const { port } = server.server.address() as AddressInfo;
  return {
    env: { SMTP_URL: `smtp://127.0.0.1:${port}`, MAIL_FROM: 'Acme <no-reply@acme.example>' },
    port,
    taken,
    recipients,
    connections: () => connections,
    behave: (...conduct) => {
      plan = conduct;
    },
    async mailTo(address, fits = () => true) {
      const find = (): ParsedMail | undefined =>
        taken.findLast((mail) => recipientsOf(mail).includes(address) && fits(mail));
      await eventually(() => find() !== undefined);
      const mail = find();
      if (mail === undefined) throw new Error('the mail is gone');
      return mail;
    },
    stop: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

/** Whom a mail is to. */
export function recipientsOf({ to }: ParsedMail): string[] {
  return [to ?? []].flat().flatMap(({ value }) => value.map(({ address }) => address ?? ''));
}
