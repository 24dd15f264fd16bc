import { ConfigError, type ConfigSection, loadConfig } from '@countersign/core';
import { describe, expect, it } from 'vitest';
import { type DeliveryConfig, deliverySection } from './delivery.config.js';

const SECTIONS = [deliverySection] as unknown as readonly ConfigSection[];
const TWILIO = {
  TWILIO_ACCOUNT_SID: 'AC00000000000000000000000000000001',
  TWILIO_AUTH_TOKEN: 'word',
  TWILIO_FROM: '+14155550100',
};
const SMTP = {
  SMTP_URL: 'smtp://jo%40acme.example:p%2Fw@mail.example.com',
  MAIL_FROM: 'no-reply@acme.example',
};
const HTTP = { SMS_HTTP_URL: 'https://sms.example.com/send' };

function delivery(env: Record<string, string>): DeliveryConfig {
  return loadConfig(env, SECTIONS).slices['delivery'] as DeliveryConfig;
}

/** The variables at fault, in order. */
function faultsOf(env: Record<string, string>): string[] {
  try {
    delivery(env);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.faults.map(({ variable }) => variable);
  }
}

describe('the configuration of delivery', () => {
  it('has no vendor unless one is set up, and then asks all that are, Twilio first', () => {
    expect(delivery({})).toMatchObject({ smsVendors: [], smtp: undefined, twilio: undefined });
    expect(delivery({ ...HTTP, ...TWILIO }).smsVendors).toEqual(['twilio', 'http']);
    expect(delivery({ ...HTTP, ...TWILIO, SMS_VENDORS: 'http,twilio' }).smsVendors).toEqual([
      'http',
      'twilio',
    ]);
    expect(delivery({ ...HTTP, ...TWILIO, SMS_VENDORS: 'http' }).smsVendors).toEqual(['http']);
  });

  it.each(Object.keys(TWILIO))('refuses Twilio without %s', (missing) => {
    const { [missing as keyof typeof TWILIO]: _left, ...rest } = TWILIO;
    expect(faultsOf(rest)).toEqual([missing]);
  });

  it('takes a messaging service in place of a number', () => {
    const { TWILIO_FROM: _from, ...account } = TWILIO;
    const { twilio } = delivery({ ...account, TWILIO_MESSAGING_SERVICE_SID: 'MG01' });
    expect(twilio?.sender).toEqual({ messagingServiceSid: 'MG01' });
  });

  it.each([
    ['SMS_VENDORS', { ...HTTP, SMS_VENDORS: 'twilio' }],
    ['SMS_VENDORS', { ...HTTP, SMS_VENDORS: 'carrier-pigeon' }],
    ['SMS_HTTP_URL', { SMS_HTTP_URL: 'http://sms.example.com' }],
    ['SMS_HTTP_URL', { SMS_HTTP_URL: 'https://jo:50%@sms.example.com' }],
    ['TWILIO_BASE_URL', { ...TWILIO, TWILIO_BASE_URL: 'http://10.0.0.1' }],
    ['SMS_HTTP_HEADERS', { ...HTTP, SMS_HTTP_HEADERS: '{"x":"a\\r\\nb: c"}' }],
    ['SMS_HTTP_BODY', { ...HTTP, SMS_HTTP_BODY: '{{to}}' }],
    ['SMS_ALLOWED_COUNTRIES', { SMS_ALLOWED_COUNTRIES: 'GE,Germany' }],
    ['SMTP_URL', { ...SMTP, SMTP_URL: 'https://mail.example.com' }],
    ['SMTP_URL', { ...SMTP, SMTP_URL: 'smtp://jo:50%@mail.example.com' }],
    ['SMTP_URL', { ...SMTP, SMTP_URL: 'smtp://50%:41@mail.example.com' }],
    ['MAIL_FROM', { SMTP_URL: SMTP.SMTP_URL }],
    ['MAIL_FROM', { ...SMTP, MAIL_FROM: 'Acme <a@b.example>\r\nBcc: c@d.example' }],
  ])('refuses, by %s, %j', (variable, env) => {
    expect(faultsOf(env)).toEqual([variable]);
  });

  it.each(['no-reply@acme.example', 'Acme <no-reply@acme.example>'])(
    'sends mail from the address in %j',
    (from) => {
      expect(delivery({ ...SMTP, MAIL_FROM: from }).smtp?.from).toBe('no-reply@acme.example');
    },
  );

  describe('in production', () => {
    it.each([TWILIO, HTTP])('refuses SMS that may go anywhere', (vendor) => {
      const env = { ...vendor, NODE_ENV: 'production' };
      expect(faultsOf(env)).toEqual(['SMS_ALLOWED_COUNTRIES']);
      expect(faultsOf({ ...env, SMS_ALLOWED_COUNTRIES: 'ge' })).toEqual([]);
    });

    it('refuses numbers without a limit', () => {
      expect(faultsOf({ RATE_LIMIT_SMS_NUMBER: 'off' })).toEqual([]);
      expect(faultsOf({ RATE_LIMIT_SMS_NUMBER: 'off', NODE_ENV: 'production' })).toEqual([
        'RATE_LIMIT_SMS_NUMBER',
      ]);
    });
  });
});
