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

function judge(env: Record<string, string>): ConfigError['faults'] {
  try {
    delivery(env);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.faults;
  }
}

/** The variables at fault, in order. */
function faultsOf(env: Record<string, string>): string[] {
  return judge(env).map(({ variable }) => variable);
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

  it.each([
    ['SMS_ALLOWED_COUNTRIES', 'UK,DE', /UK is no country code.*GB/],
    ['SMS_ALLOWED_COUNTRIES', 'en', /EN is no country code.*GB/],
    ['SMS_ALLOWED_COUNTRIES', 'EL', /EL is no country code.*GR/],
    ['SMS_ALLOWED_COUNTRIES', 'XX', /XX is no country code/],
    ['SMS_ALLOWED_COUNTRIES', 'DEU', /two letters/],
    ['SMTP_URL', 'smtps://mail.example.com:587', /smtp:\/\/…:587/],
    ['SMTP_URL', 'smtp://mail.example.com:465', /smtps:\/\/…:465/],
    ['SMTP_URL', 'smtp://mail.example.com:587?secure=true', /secure.*smtps:\/\//],
    ['SMTP_URL', 'smtp://mail.example.com?ignoreTLS=true', /ignoreTLS/],
    ['SMTP_URL', 'smtp://mail.example.com/?pool=1&ignoreTLS=1', /pool, ignoreTLS/],
    ['SMTP_URL', 'smtp://mail.example.com/relay', /%2F/],
    ['SMTP_URL', 'smtp://mail.example.com#x', /%23/],
    ['SMS_HTTP_BODY', '{"to":"{{to}}","text":"{{text}}","otp":"{{otp}}"}', /\{\{otp\}\}/],
    ['SMS_HTTP_BODY', '{"to":"{{ to }}","text":"{{text}}"}', /\{\{ to \}\}/],
    ['SMS_HTTP_BODY', '{"otp":"{{code}}"}', /\{\{to\}\}/],
    ['SMS_HTTP_BODY', '{"to":"{{to}}"}', /\{\{text\}\} or \{\{code\}\}/],
    ['SMS_HTTP_URL', 'https://sms.example.com/send?to={{to}}', /\{\{to\}\}.*SMS_HTTP_BODY/],
    ['SMS_HTTP_HEADERS', '{"x-to":"{{to}}"}', /\{\{to\}\}.*SMS_HTTP_BODY/],
  ])('refuses %s=%s, and says what to write instead', (variable, value, fix) => {
    const base = variable.startsWith('SMTP') ? SMTP : variable.startsWith('SMS_HTTP') ? HTTP : {};
    expect(judge({ ...base, [variable]: value })).toEqual([
      { variable, message: expect.stringMatching(fix) as unknown },
    ]);
  });

  it('repeats nothing of a password that was not encoded', () => {
    for (const url of ['smtp://jo:12?qz@mail.example.com', 'smtp://jo:12/qz@mail', 'smtp://jo:12#qz@mail']) {
      const [fault] = judge({ ...SMTP, SMTP_URL: url });
      expect(fault?.variable).toBe('SMTP_URL');
      expect(fault?.message).not.toContain('qz');
    }
  });

  it('takes a body with the bare code, for vendors whose texts are registered with them', () => {
    const body = '{"mobiles":"{{to}}","otp":"{{code}}"}';
    expect(delivery({ ...HTTP, SMS_HTTP_BODY: body }).smsHttp?.body).toBe(body);
  });

  it.each([
    ['no-reply@acme.example', undefined],
    ['<no-reply@acme.example>', undefined],
    ['Acme <no-reply@acme.example>', 'Acme'],
    ['Acme, Inc. <no-reply@acme.example>', 'Acme, Inc.'],
    ['"Acme \\"A\\" Inc." <no-reply@acme.example>', 'Acme "A" Inc.'],
  ])('sends mail from the address in %j, by the name in it', (from, fromName) => {
    const { smtp } = delivery({ ...SMTP, MAIL_FROM: from });
    expect({ from: smtp?.from, fromName: smtp?.fromName }).toEqual({
      from: 'no-reply@acme.example',
      fromName,
    });
  });

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
