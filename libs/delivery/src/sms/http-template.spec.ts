import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { filled, httpHeaders } from './http-template.js';

const values = { to: '+14155550167', text: 'say "hi" & <bye>\n#1', code: '012345', id: 'm1' };

describe('a body', () => {
  it('is filled in for JSON so that it says what was meant', () => {
    const body = filled('{"to":"{{to}}","text":"{{text}}","ref":"{{id}}"}', values, 'application/json');
    expect(JSON.parse(body)).toEqual({ to: values.to, text: values.text, ref: values.id });
  });

  it('can have the bare code, for vendors whose texts are registered with them', () => {
    const body = filled('{"mobiles":"{{to}}","otp":"{{code}}"}', values, 'application/json');
    expect(JSON.parse(body)).toEqual({ mobiles: values.to, otp: '012345' });
  });

  it('is filled in for forms and XML alike', () => {
    const form = filled(
      'to={{to}}&text={{text}}',
      values,
      'application/x-www-form-urlencoded; charset=utf-8',
    );
    expect(Object.fromEntries(new URLSearchParams(form))).toEqual({ to: values.to, text: values.text });
    expect(filled('<t>{{text}}</t>', values, 'text/xml')).toBe(
      '<t>say &quot;hi&quot; &amp; &lt;bye&gt;\n#1</t>',
    );
  });

  it('is one JSON text whatever the message says, even what looks like a template', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const body = filled('{"text":"{{text}}"}', { ...values, text }, 'application/vnd.acme+json');
        expect(JSON.parse(body)).toEqual({ text });
      }),
    );
    expect(filled('{{text}}', { ...values, text: '{{to}}' }, 'text/plain')).toBe('{{to}}');
  });
});

describe('headers', () => {
  it('are an object of texts', () => {
    expect(httpHeaders('{"Authorization":"Bearer x"}')).toEqual({ authorization: 'Bearer x' });
  });

  it.each([
    '',
    '[]',
    'null',
    '{"a":1}',
    '{"a b":"x"}',
    '{"a":"x\\r\\nb: y"}',
    '{"a":"é"}',
    'authorization: x',
  ])('are not %s', (text) => {
    expect(httpHeaders(text)).toBeUndefined();
  });
});
