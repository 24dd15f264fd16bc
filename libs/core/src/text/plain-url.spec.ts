import { describe, expect, it } from 'vitest';
import { plainUrl } from './plain-url.js';

describe('plainUrl', () => {
  it.each([
    ['https://shop.example.com/countersign?a=b', 'https://shop.example.com/countersign?a=b'],
    ['https://Shop.Example.COM:443/A', 'https://shop.example.com/A'],
    ['http://127.0.0.1:8080', 'http://127.0.0.1:8080/'],
    ['http://[::1]:8080/x', 'http://[::1]:8080/x'],
    ['https://müller.example/ünï?a+b%20c', 'https://xn--mller-kva.example/%C3%BCn%C3%AF?a+b%20c'],
    ['smtp://user:p%40ss@mail.example.com:587', 'smtp://user:p%40ss@mail.example.com:587'],
  ])('reads %s', (text, href) => {
    expect(plainUrl(text)?.href).toBe(href);
  });

  it.each([
    ['a line end', 'http://127.0.0.1:9/a\r\nX-Injected: 1'],
    ['a line end at its end', 'https://a.example/\n'],
    ['a line end in its scheme', 'ht\ntp://a.example/'],
    ['a tab', 'https://a.exa\tmple/'],
    ['a leading blank', ' https://a.example/'],
    ['a trailing blank', 'https://a.example/ '],
    ['a blank in its path', 'https://a.example/a b'],
    ['a no-break space', 'https://a.example/\u00a0'],
    ['an invisible character', 'https://a\u200b.example/'],
    ['a control character', 'https://a.example/\u0001'],
    ['a backslash for a slash', 'https:\\\\a.example\\x'],
    ['a backslash before the user', 'http://h\\@evil.example/'],
    ['no slashes', 'http:host'],
    ['one slash', 'http:/host'],
    ['three slashes', 'http:///host'],
    ['no host', 'http://'],
    ['an empty user name', 'http://@a.example/'],
    ['an empty user name and password', 'http://:@a.example/'],
    ['a host of user names', 'http://a@b@evil.example/'],
    ['a host in percent-encoding', 'http://%31%32%37.0.0.1/'],
    ['an address in hexadecimal', 'http://0x7f.0.0.1/'],
    ['an address of two numbers', 'http://127.1/'],
    ['an address of one number', 'http://2130706433/'],
    ['an address in octal', 'http://0177.0.0.1/'],
    ['an empty port', 'http://a.example:/'],
    ['a port with zeros', 'http://a.example:0080/'],
    ['no scheme', '//a.example/'],
    ['nothing', ''],
  ])('refuses what has %s', (_what, text) => {
    expect(plainUrl(text)).toBeUndefined();
  });
});
