import {
  type ConfigFault,
  defineSection,
  flag,
  list,
  type RateLimit,
  rateLimit,
  Secret,
  whole,
} from '@countersign/core';
import { z } from 'zod';
import { mailFromOf } from './email/mail-from.js';
import { smtpUrlFault } from './email/smtp-url.js';
import { outboundUrl } from './outbound-url.js';
import { countriesFault } from './sms/country-codes.js';
import { bodyFault, httpHeaders, unfilledPlaceholder } from './sms/http-template.js';

/** How Twilio is reached. */
export interface TwilioConfig {
  readonly accountSid: string;
  readonly authToken: Secret;
  /** Either a number of ours or a messaging service chooses one. */
  readonly sender: { readonly from: string } | { readonly messagingServiceSid: string };
  /** Absent where it is Twilio's own address. */
  readonly baseUrl: string | undefined;
}

/** How another SMS vendor is reached. */
export interface SmsHttpConfig {
  readonly url: Secret;
  readonly headers: Readonly<Record<string, Secret>>;
  readonly body: string;
}

/** How the mail server is reached. */
export interface SmtpConfig {
  readonly url: Secret;
  /** The address that mail is from. */
  readonly from: string;
  /** The name that it is from; each application's own where absent. */
  readonly fromName: string | undefined;
}

/** What delivery needs to know. */
export interface DeliveryConfig {
  readonly twilio: TwilioConfig | undefined;
  readonly smsHttp: SmsHttpConfig | undefined;
  /** The vendors that are set up, in the order in which they are asked. */
  readonly smsVendors: readonly SmsVendor[];
  /** ISO 3166 codes; `undefined` allows all. */
  readonly smsAllowedCountries: ReadonlySet<string> | undefined;
  /** Beginnings of numbers that libphonenumber does not know yet: `+1436`. */
  readonly smsAllowedPrefixes: readonly string[];
  readonly smsDailyLimit: number;
  readonly smsCountryHourlyLimit: number;
  /** Whether the last line of an SMS binds the code to its site. */
  readonly smsOriginLine: boolean;
  /** Percent of the codes sent to a country that must be used; 0 switches the brake off. */
  readonly smsMinConversion: number;
  readonly smsPerNumber: RateLimit | 'off';
  readonly emailDailyLimit: number;
  readonly emailPerRecipient: RateLimit | 'off';
  readonly smtp: SmtpConfig | undefined;
}

const VENDORS = ['twilio', 'http'] as const;

/** An SMS vendor by its name in the configuration. */
export type SmsVendor = (typeof VENDORS)[number];

const variables = {
  TWILIO_ACCOUNT_SID: z
    .string()
    .regex(/^AC[A-Za-z0-9]{1,64}$/, 'expected an account SID, which begins with AC')
    .optional()
    .describe('SMS through Twilio; with TWILIO_AUTH_TOKEN and a sender'),
  TWILIO_AUTH_TOKEN: z.string().optional().describe("the account's auth token"),
  TWILIO_FROM: z
    .string()
    .regex(
      /^(?:\+[1-9][0-9]{4,14}|[A-Za-z0-9 ]{2,11})$/,
      'expected a number such as +14155550100, or a sender id',
    )
    .optional()
    .describe('number or sender id that messages come from'),
  TWILIO_MESSAGING_SERVICE_SID: z
    .string()
    .regex(/^MG[A-Za-z0-9]{1,64}$/, 'expected a messaging service SID, which begins with MG')
    .optional()
    .describe('instead of TWILIO_FROM: the service that chooses a number'),
  TWILIO_BASE_URL: outboundUrl().optional().describe("for proxies and tests; Twilio's own where absent"),
  SMS_HTTP_URL: outboundUrl()
    .pipe(judged(unfilledPlaceholder))
    .optional()
    .describe('SMS through any vendor that takes an HTTP POST'),
  SMS_HTTP_HEADERS: judged((text) =>
    httpHeaders(text) === undefined
      ? 'expected a JSON object of header names and texts, such as {"authorization":"Bearer …"}'
      : unfilledPlaceholder(text),
  )
    .optional()
    .describe('its headers, as a JSON object; application/json where no content type is given'),
  SMS_HTTP_BODY: judged(bodyFault)
    .default('{"to":"{{to}}","text":"{{text}}"}')
    .describe('its body; {{to}}, {{text}}, {{code}} and {{id}} are filled in, escaped for the content type'),
  SMS_VENDORS: list()
    .refine((names) => names.every(isVendor), `expected a list of ${VENDORS.join(', ')}`)
    .optional()
    .describe('SMS vendors in the order in which they are asked; all that are set up where absent'),
  SMS_ALLOWED_COUNTRIES: list()
    .superRefine((codes, context) => {
      const message = countriesFault(codes);
      if (message !== undefined) context.addIssue({ code: 'custom', message });
    })
    .optional()
    .describe('countries that SMS may go to (ISO 3166); production with an SMS vendor must state them'),
  SMS_ALLOWED_PREFIXES: list()
    .refine(
      (prefixes) => prefixes.every((prefix) => /^\+[1-9][0-9]{1,13}$/.test(prefix)),
      'expected beginnings of numbers with + and country code: +1436,+1624',
    )
    .optional()
    .describe('numbers of no known type that SMS may go to as well: ranges newer than libphonenumber'),
  SMS_DAILY_LIMIT: whole(0, 100_000_000).prefault('1000').describe('SMS per application and day'),
  SMS_COUNTRY_HOURLY_LIMIT: whole(0, 100_000_000)
    .prefault('200')
    .describe('SMS per application, country and hour'),
  SMS_MIN_CONVERSION: whole(0, 100)
    .prefault('20')
    .describe(
      'percent of the codes sent to a country that must be used, else sending there pauses; 0 for never',
    ),
  SMS_ORIGIN_LINE: flag()
    .prefault('true')
    .describe('whether the last line of an SMS binds the code to its site, so that phones offer it there'),
  RATE_LIMIT_SMS_NUMBER: rateLimit().prefault('10/1d').describe('SMS per number, whoever asks'),
  EMAIL_DAILY_LIMIT: whole(0, 100_000_000)
    .prefault('1000')
    .describe('codes by e-mail per application and day'),
  RATE_LIMIT_EMAIL_RECIPIENT: rateLimit()
    .prefault('10/1d')
    .describe('codes by e-mail per address, whoever asks'),
  SMTP_URL: judged(smtpUrlFault).optional().describe('e-mail through any SMTP server'),
  MAIL_FROM: judged((text) =>
    mailFromOf(text) === undefined ? 'expected an address, or Name <address>' : undefined,
  )
    .optional()
    .describe('sender of e-mail; without a name in it, each application goes by its own'),
};

const LIMITS = ['RATE_LIMIT_SMS_NUMBER', 'RATE_LIMIT_EMAIL_RECIPIENT'] as const;

type Values = z.output<z.ZodObject<typeof variables>>;

/** Delivery's part of the configuration. */
export const deliverySection = defineSection<'delivery', typeof variables, DeliveryConfig>({
  name: 'delivery',
  variables,
  secrets: ['TWILIO_AUTH_TOKEN', 'SMS_HTTP_URL', 'SMS_HTTP_HEADERS', 'SMTP_URL'],
  refuse: (values, { production }) => [
    ...twilioFaults(values),
    ...vendorFaults(values),
    ...(values.SMTP_URL !== undefined && values.MAIL_FROM === undefined
      ? [{ variable: 'MAIL_FROM', message: 'is required where SMTP_URL is set: who the mail is from' }]
      : []),
    ...(production ? productionFaults(values) : []),
  ],
  read: (values) => ({
    twilio: twilioOf(values),
    smsHttp:
      values.SMS_HTTP_URL === undefined
        ? undefined
        : {
            url: new Secret(values.SMS_HTTP_URL),
            headers: Object.fromEntries(
              Object.entries(httpHeaders(values.SMS_HTTP_HEADERS ?? '{}') ?? {}).map(([name, text]) => [
                name,
                new Secret(text),
              ]),
            ),
            body: values.SMS_HTTP_BODY,
          },
    smsVendors: (values.SMS_VENDORS ?? setUp(values)).filter(isVendor),
    smsAllowedCountries:
      values.SMS_ALLOWED_COUNTRIES && new Set(values.SMS_ALLOWED_COUNTRIES.map((code) => code.toUpperCase())),
    smsAllowedPrefixes: values.SMS_ALLOWED_PREFIXES ?? [],
    smsDailyLimit: values.SMS_DAILY_LIMIT,
    smsCountryHourlyLimit: values.SMS_COUNTRY_HOURLY_LIMIT,
    smsOriginLine: values.SMS_ORIGIN_LINE,
    smsMinConversion: values.SMS_MIN_CONVERSION,
    smsPerNumber: values.RATE_LIMIT_SMS_NUMBER,
    emailDailyLimit: values.EMAIL_DAILY_LIMIT,
    emailPerRecipient: values.RATE_LIMIT_EMAIL_RECIPIENT,
    smtp: smtpOf(values),
  }),
});

function setUp(values: Values): SmsVendor[] {
  return [
    ...(values.TWILIO_ACCOUNT_SID === undefined ? [] : (['twilio'] as const)),
    ...(values.SMS_HTTP_URL === undefined ? [] : (['http'] as const)),
  ];
}

function twilioOf(values: Values): TwilioConfig | undefined {
  const { TWILIO_ACCOUNT_SID: accountSid, TWILIO_AUTH_TOKEN: authToken } = values;
  const { TWILIO_FROM: from, TWILIO_MESSAGING_SERVICE_SID: messagingServiceSid } = values;
  if (accountSid === undefined || authToken === undefined) return undefined;
  return {
    accountSid,
    authToken: new Secret(authToken),
    sender: messagingServiceSid === undefined ? { from: from ?? '' } : { messagingServiceSid },
    baseUrl: values.TWILIO_BASE_URL?.replace(/\/+$/, ''),
  };
}

function smtpOf({ SMTP_URL: url, MAIL_FROM: from = '' }: Values): SmtpConfig | undefined {
  const mailFrom = mailFromOf(from);
  if (url === undefined || mailFrom === undefined) return undefined;
  return { url: new Secret(url), from: mailFrom.address, fromName: mailFrom.name };
}

function twilioFaults(values: Values): ConfigFault[] {
  const { TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN, TWILIO_FROM, TWILIO_MESSAGING_SERVICE_SID } = values;
  const some = TWILIO_ACCOUNT_SID ?? TWILIO_AUTH_TOKEN ?? TWILIO_FROM ?? TWILIO_MESSAGING_SERVICE_SID;
  if (some === undefined) return [];
  const missing = Object.entries({ TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN })
    .filter(([, value]) => value === undefined)
    .map(([variable]) => ({ variable, message: 'is required with the other TWILIO_ variables' }));
  if (TWILIO_FROM === undefined && TWILIO_MESSAGING_SERVICE_SID === undefined) {
    missing.push({ variable: 'TWILIO_FROM', message: 'is required, or TWILIO_MESSAGING_SERVICE_SID' });
  }
  return missing;
}

function vendorFaults(values: Values): ConfigFault[] {
  const known: readonly string[] = setUp(values);
  return (values.SMS_VENDORS ?? [])
    .filter((name) => !known.includes(name))
    .map((name) => ({ variable: 'SMS_VENDORS', message: `names ${name}, which is not set up` }));
}

function productionFaults(values: Values): ConfigFault[] {
  const faults: ConfigFault[] = [];
  if (setUp(values).length > 0 && values.SMS_ALLOWED_COUNTRIES === undefined) {
    faults.push({
      variable: 'SMS_ALLOWED_COUNTRIES',
      message: 'is required in production where SMS can be sent: the countries that your users live in',
    });
  }
  for (const variable of LIMITS) {
    if (values[variable] === 'off') faults.push({ variable, message: 'may not be off in production' });
  }
  return faults;
}

function isVendor(name: string): name is SmsVendor {
  return (VENDORS as readonly string[]).includes(name);
}

// A rule that says itself what is wrong.
function judged(fault: (text: string) => string | undefined): z.ZodType<string, string> {
  return z.string().superRefine((text, context) => {
    const message = fault(text);
    if (message !== undefined) context.addIssue({ code: 'custom', message });
  });
}
