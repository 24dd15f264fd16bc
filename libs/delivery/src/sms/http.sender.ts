import { Logger } from '@nestjs/common';
import type { SmsHttpConfig } from '../delivery.config.js';
import { filled } from './http-template.js';
import { type Sms, SmsSender, type SmsSent } from './sms-sender.js';
import { postToVendorTwice, serverOf } from './vendor-request.js';

const HTTP = 'http';

/** SMS through any vendor that takes an HTTP POST: any 2xx means that it has the message. */
export class HttpSmsSender extends SmsSender {
  override readonly available = true;
  readonly #logger = new Logger('SmsHttp');

  constructor(private readonly config: SmsHttpConfig) {
    super();
  }

  override async send({ to, text, code, id }: Sms): Promise<SmsSent> {
    const headers = Object.fromEntries(
      Object.entries(this.config.headers).map(([name, secret]) => [name, secret.reveal()]),
    );
    const url = this.config.url.reveal();
    const contentType = headers['content-type'] ?? 'application/json';
    const answer = await postToVendorTwice({
      url,
      headers: { ...headers, 'content-type': contentType },
      body: filled(this.config.body, { to, text, code, id }, contentType),
    });
    switch (answer.outcome) {
      case 'unanswered':
        this.#logger.warn(`no answer of ${serverOf(url)} in time: the message counts as sent`);
        return { outcome: 'unknown', vendor: HTTP };
      case 'unreachable':
        this.#logger.warn(`cannot be reached (${answer.cause} ${serverOf(url)})`);
        return { outcome: 'failed', vendor: HTTP };
      case 'answered':
        if (answer.status >= 200 && answer.status < 300) {
          return { outcome: 'accepted', vendor: HTTP, vendorId: null };
        }
        this.#logger.warn(`${serverOf(url)} refused a message (status ${answer.status})`);
        return { outcome: 'failed', vendor: HTTP };
    }
  }
}
