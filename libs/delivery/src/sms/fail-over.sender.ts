import { type Sms, SmsSender, type SmsSent } from './sms-sender.js';

/**
 * Several vendors in order: the next one is asked where one did not send, and only there. Where none sends, the first
 * refusal of the number is the outcome, if there was one.
 */
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
    let refusal: SmsSent | undefined;
    for (const vendor of others) {
      if (isOver(sent)) return sent;
      refusal ??= refusalOf(sent);
      sent = await vendor.send(sms);
    }
    return isOver(sent) ? sent : (refusal ?? sent);
  }
}

// What one vendor refuses for reasons of its own (its numbering plan, its account's settings), another may send.
function isOver(sent: SmsSent): boolean {
  return sent.outcome === 'rejected' ? sent.byOwner : sent.outcome !== 'failed';
}

function refusalOf(sent: SmsSent): SmsSent | undefined {
  return sent.outcome === 'rejected' ? sent : undefined;
}
