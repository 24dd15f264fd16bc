import { Logger } from '@nestjs/common';
import type twilioPackage from 'twilio';
import type { DestinationRefusal } from '../codes/code-delivery.js';
import type { TwilioConfig } from '../delivery.config.js';
import { type Sms, SmsSender, type SmsSent } from './sms-sender.js';
import { postToVendorTwice, serverOf, type VendorAnswer } from './vendor-request.js';

/** The vendor's name in the records. */
export const TWILIO = 'twilio';

type TwilioModule = typeof twilioPackage;
type Client = ReturnType<TwilioModule>;

// https://www.twilio.com/docs/api/errors
const REFUSALS: Readonly<Record<number, DestinationRefusal>> = {
  21211: 'invalid_number',
  21217: 'invalid_number',
  21408: 'country_not_allowed',
  21610: 'opted_out',
  21614: 'not_a_mobile_number',
};
const TWILIO_SERVER = 'api.twilio.com:443';

/** Raised where no answer came, so that it reaches us through Twilio's client. */
class NoAnswer extends Error {
  constructor(readonly answer: Exclude<VendorAnswer, { outcome: 'answered' }>) {
    super(answer.outcome);
  }
}

/**
 * SMS through Twilio, by its own client, which is loaded at the first message: a deployment without SMS does not pay
 * for it. The requests go through our own transport, because only that knows whether one was written.
 */
export class TwilioSender extends SmsSender {
  override readonly available = true;
  readonly #logger = new Logger('Twilio');
  #client: Promise<Client> | undefined;

  /** @param callbackUrl where Twilio reports what became of messages; `undefined` where it could not reach us */
  constructor(
    private readonly config: TwilioConfig,
    private readonly callbackUrl: string | undefined,
  ) {
    super();
  }

  override async send({ to, text, id, validForSeconds }: Sms): Promise<SmsSent> {
    try {
      const client = await (this.#client ??= this.#connect());
      const message = await client.messages.create({
        ...this.config.sender,
        to,
        body: text,
        validityPeriod: validForSeconds,
        ...(this.callbackUrl === undefined ? {} : { statusCallback: `${this.callbackUrl}?message=${id}` }),
      });
      return { outcome: 'accepted', vendor: TWILIO, vendorId: message.sid };
    } catch (error) {
      return this.#failure(error);
    }
  }

  #failure(error: unknown): SmsSent {
    if (error instanceof NoAnswer) return this.#silence(error.answer);
    const { status, code } = errorNumbers(error);
    // Also where it is the number that is refused: 21408 is a setting of this account, which only its operator can mend.
    this.#logger.warn(`Twilio refused a message (status ${status ?? 'unknown'}, code ${code ?? 'none'})`);
    const reason = code === undefined ? undefined : REFUSALS[code];
    return reason === undefined
      ? { outcome: 'failed', vendor: TWILIO }
      : { outcome: 'rejected', vendor: TWILIO, reason, byOwner: reason === 'opted_out' };
  }

  #silence(answer: NoAnswer['answer']): SmsSent {
    const { baseUrl } = this.config;
    const server = baseUrl === undefined ? TWILIO_SERVER : serverOf(baseUrl);
    if (answer.outcome === 'unanswered') {
      this.#logger.warn(`no answer of ${server} in time: the message counts as sent`);
      return { outcome: 'unknown', vendor: TWILIO };
    }
    this.#logger.warn(`cannot be reached (${answer.cause} ${server})`);
    return { outcome: 'failed', vendor: TWILIO };
  }

  async #connect(): Promise<Client> {
    const { default: twilio } = await import('twilio');
    const { accountSid, authToken, baseUrl } = this.config;
    return twilio(accountSid, authToken.reveal(), {
      httpClient: transport(twilio, baseUrl),
      autoRetry: false,
    });
  }
}

/** Lets Twilio's client speak through `postToVendorTwice`, to another address where one is given. */
function transport(
  twilio: TwilioModule,
  baseUrl: string | undefined,
): InstanceType<TwilioModule['RequestClient']> {
  const client = new twilio.RequestClient();
  client.request = async <T>({
    uri,
    username = '',
    password = '',
    headers,
    data,
  }: Parameters<typeof client.request>[0]) => {
    const { pathname, origin } = new URL(uri);
    const answer = await postToVendorTwice({
      url: `${baseUrl ?? origin}${pathname}`,
      headers: {
        ...(headers as Record<string, string>),
        authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`,
      },
      body: new URLSearchParams(data as Record<string, string>).toString(),
    });
    if (answer.outcome !== 'answered') throw new NoAnswer(answer);
    return {
      statusCode: answer.status,
      body: parsed(answer.body) as T,
      headers: {},
      toString: () => 'an answer of Twilio',
    };
  };
  return client;
}

// The client expects an object, whatever a proxy may have answered.
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}

function errorNumbers(error: unknown): { status: number | undefined; code: number | undefined } {
  const { status, code } = (typeof error === 'object' && error !== null ? error : {}) as {
    status?: unknown;
    code?: unknown;
  };
  return {
    status: typeof status === 'number' ? status : undefined,
    code: typeof code === 'number' ? code : undefined,
  };
}
