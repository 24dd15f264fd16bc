import { Logger } from '@nestjs/common';
import type { Transporter } from 'nodemailer';
import type { Options } from 'nodemailer/lib/smtp-pool/index.js';
import type SMTPPool from 'nodemailer/lib/smtp-pool/index.js';
import { PassThrough } from 'node:stream';
import type { SmtpConfig } from '../delivery.config.js';
import { isLoopback } from '../outbound-url.js';
import { plain } from '../templates/plain.js';
import { type Email, EmailSender, type Sent } from './email-sender.js';
import { smtpFailure } from './smtp-failure.js';
import { type SmtpServer, smtpServerOf } from './smtp-url.js';

const CONNECT_MS = 3_000;
const SILENCE_MS = 5_000;
// Two tries, and what they wait for: a person is waiting for the answer.
const LONGEST_MS = 9_000;
const CONNECTIONS = 3;

const BEYOND_ASCII =
  ': its address has letters beyond ASCII before the @, which needs a server that offers SMTPUTF8 (RFC 6531)';

type Attempt = Sent['outcome'] | 'not-written';

/**
 * Mail through an SMTP server, on pooled connections. TLS certificates are verified; without `smtps://` the connection
 * is upgraded, and where the server is on another machine, sending in clear is refused.
 */
export class SmtpSender extends EmailSender {
  override readonly available = true;
  override readonly vendor = 'smtp';
  readonly #logger = new Logger('Smtp');
  #transport: Promise<Transporter<SMTPPool.SentMessageInfo>> | undefined;

  readonly #server: SmtpServer;

  /** @param longestMs what a person waits at most for the answer, with both tries */
  constructor(
    private readonly config: SmtpConfig,
    private readonly longestMs = LONGEST_MS,
  ) {
    super();
    this.#server = smtpServerOf(config.url.reveal());
  }

  override async send(email: Email): Promise<Sent> {
    const until = performance.now() + this.longestMs;
    const first = await this.#attempt(email, this.longestMs);
    if (first !== 'not-written') return { outcome: first };
    const left = until - performance.now();
    const second = left < 1_000 ? first : await this.#attempt(email, left);
    return { outcome: second === 'not-written' ? 'failed' : second };
  }

  override async close(): Promise<void> {
    (await this.#transport)?.close();
  }

  async #attempt(email: Email, patienceMs: number): Promise<Attempt> {
    const transport = await (this.#transport ??= this.#connect());
    // Told by the stream that the message is written from: once its end is out, the server may have it.
    let written = false;
    const watch = (): PassThrough => new PassThrough().once('end', () => (written = true));
    // A message that is given up leaves the queue, or its connection is closed: it must not be sent later.
    const patience = new AbortController();
    const timer = setTimeout(() => patience.abort(), patienceMs);
    const { signal } = patience;
    try {
      await transport.sendMail({ ...this.#message(email), watch, signal } as object);
      return 'accepted';
    } catch (error) {
      return this.#failed(error, { written, to: email.to });
    } finally {
      clearTimeout(timer);
    }
  }

  #failed(error: unknown, { written, to }: { readonly written: boolean; readonly to: string }): Attempt {
    const { host, port } = this.#server;
    const { cause, code, answered } = smtpFailure(error);
    const hint = isAscii(to) ? '' : BEYOND_ASCII;
    this.#logger.warn(`a message was not taken (${cause} ${host}:${port})${hint}`);
    if (answered) return 'failed';
    if (written) return 'unknown';
    return code === 'EAUTH' || code === 'EENVELOPE' || code === 'EMESSAGE' ? 'failed' : 'not-written';
  }

  #message({ to, fromName, subject, text, html, id }: Email): object {
    const domain = this.config.from.split('@').at(-1) ?? 'localhost';
    return {
      from: { name: this.config.fromName ?? plain(fromName), address: this.config.from },
      to: { name: '', address: to },
      recipient: to,
      subject: plain(subject),
      text,
      html,
      messageId: `<${id}@${domain}>`,
      // RFC 3834 section 5: nobody's holiday note should answer.
      headers: { 'Auto-Submitted': 'auto-generated' },
      disableFileAccess: true,
      disableUrlAccess: true,
    };
  }

  async #connect(): Promise<Transporter<SMTPPool.SentMessageInfo>> {
    const { createTransport } = await import('nodemailer');
    const { host, port, secure, auth } = this.#server;
    const options: Options = {
      pool: true,
      host,
      port,
      secure,
      // A relay on this machine is near enough to do without, and has no certificate that could be verified.
      ...(secure ? {} : isLoopback(host) ? { ignoreTLS: true } : { requireTLS: true }),
      tls: { minVersion: 'TLSv1.2' },
      maxConnections: CONNECTIONS,
      connectionTimeout: CONNECT_MS,
      dnsTimeout: CONNECT_MS,
      greetingTimeout: CONNECT_MS,
      socketTimeout: SILENCE_MS,
      ...(auth === undefined ? {} : { auth }),
    };
    const transport = createTransport(options);
    transport.use('stream', (mail, done) => {
      const { watch, recipient } = mail.data as { watch?: () => PassThrough; recipient?: string };
      if (watch !== undefined) mail.message.transform(watch);
      if (recipient !== undefined) {
        // nodemailer would write the domain in Unicode where the local part has letters beyond ASCII.
        mail.message.getEnvelope = () => ({ from: this.config.from, to: [recipient] });
      }
      done();
    });
    return transport;
  }
}

function isAscii(text: string): boolean {
  return /^\p{ASCII}*$/u.test(text);
}
