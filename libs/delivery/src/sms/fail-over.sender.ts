import { type Sms, SmsSender, type SmsSent } from './sms-sender.js';

/** Several vendors in order: the next one is asked where one did not send, and only there. */
export class FailOverSender extends SmsSender {
  /** @param vendors at least one */
  constructor(private readonly vendors: readonly [SmsSender, ...SmsSender[]]) {
    super();
  }

  override get available(): boolean {
    return this.vendors.some(({ available }) => available);
  }

  override async send(sms: Sms): Promise<SmsSent> {
    const [first, ...others] = this.vendors;
    let sent = await first.send(sms);
    for (const vendor of others) {
      if (sent.outcome !== 'failed') return sent;
      sent = await vendor.send(sms);
    }
    return sent;
  }
}
