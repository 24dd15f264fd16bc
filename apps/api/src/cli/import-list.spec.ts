import { describe, expect, it } from 'vitest';
import { importList, NotAList } from './import-list.js';
import { migrationUri } from './migration-uri.fixture.js';

const secret = Buffer.from('12345678901234567890');
const BASE32 = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ';
const URI = `otpauth://totp/Acme:jo?secret=${BASE32}`;

/** The users and secrets that a list holds, and what is said of it. */
function read(text: string, onlyUser?: string): { read: string[]; faults: readonly string[] } {
  const { items, faults } = importList(text, onlyUser === undefined ? {} : { user: onlyUser });
  return {
    read: items.map(({ place, user, entry }) =>
      [place, user, entry.kind === 'totp' ? entry.secret : entry.why].join(' | '),
    ),
    faults,
  };
}

describe('a list', () => {
  it('names a user on each line, or one for all', () => {
    const uri = migrationUri([
      { secret, name: 'a' },
      { secret, name: 'b' },
    ]);
    const text = `# exported today\n\njo@example.com, ${uri}\r\ncustomer 17\t${URI}\n`;
    const { items, faults } = importList(text, {});
    expect(faults).toEqual([]);
    expect(items.map(({ place, user, entry }) => [place, user, entry.name])).toEqual([
      ['line 3, entry 1', 'jo@example.com', 'a'],
      ['line 3, entry 2', 'jo@example.com', 'b'],
      ['line 4', 'customer 17', 'jo'],
    ]);
    expect(importList(uri, { user: 'jo' }).items.map(({ user }) => user)).toEqual(['jo', 'jo']);
  });

  it.each([
    ['quoted', `"jo@example.com","${URI}"`],
    ['quoted, with a comma in the label', `jo@example.com,"otpauth://totp/Acme, Inc:jo?secret=${BASE32}"`],
    ['separated by a semicolon', `jo@example.com; ${URI}`],
    ['separated by blanks', `jo@example.com   ${URI}`],
    ['with the user last', `${URI},jo@example.com`],
    ['with empty columns behind', `jo@example.com,${URI},,`],
    ['with a byte order mark', `\uFEFFjo@example.com,${URI}`],
    ['with blanks in the label', `jo@example.com,otpauth://totp/Acme Bank:jo doe?secret=${BASE32}`],
    ['escaped for HTML', `jo@example.com,otpauth://totp/x?issuer=A&amp;secret=${BASE32}`],
    ['in capitals', `jo@example.com,OTPAUTH://TOTP/x?SECRET=${BASE32}`],
  ])('is read %s', (_how, line) => {
    expect(read(line)).toEqual({ read: [`line 1 | jo@example.com | ${BASE32}`], faults: [] });
  });

  it.each(['user,uri', '"E-Mail";"OTPAuth URI"', 'login_username\tlogin_totp'])(
    'may begin with the names of its columns: %s',
    (header) => {
      expect(read(`${header}\njo,${URI}`)).toEqual({ read: [`line 2 | jo | ${BASE32}`], faults: [] });
    },
  );

  it.each([
    ['holds no otpauth:// or otpauth-migration:// address', 'jo,hello'],
    ['holds no otpauth:// or otpauth-migration:// address', 'https://example.com/?q=hunter2'],
    ['holds more than one address', `jo,${URI} ${URI}`],
    ['holds more than one address', `${URI},${URI}`],
    ['holds something before the address in its field', `jo,hunter2 ${URI}`],
    ['has more columns than a user and an address', `Acme,jo,hunter2,${URI}`],
    ['has more columns than a user and an address', `jo,otpauth://totp/Acme, Inc:jo?secret=${BASE32}`],
    ['has a quoted column that does not end on the line', `"jo,${URI}`],
    ['names no user: write “user,otpauth://…”, or give --user', URI],
    ['names no user: write “user,otpauth://…”, or give --user', `,${URI}`],
    ['has no secret', 'jo,otpauth://totp/x?issuer=A'],
  ])('tells that a line %s', (fault, line) => {
    const { items, faults } = importList(`jo,${URI}\n${line}`, {});
    expect(items).toHaveLength(1);
    expect(faults).toEqual([expect.stringMatching(new RegExp(`^line 2 ${fault.replace(/[?.]/g, '\\$&')}`))]);
  });

  it('tells which QR codes of an export are missing, by its line', () => {
    const half = migrationUri([{ secret, name: 'a' }], { size: 2, index: 0, id: 77 });
    expect(read(`jo,${half}`).faults).toEqual([
      'line 1 is one of 2 QR codes of an export, of which 1 is here',
    ]);
  });

  it('takes the entries of one issuer, where an export holds those of several', () => {
    const mixed = migrationUri([
      { secret, name: 'jo', issuer: 'Acme' },
      { secret, name: 'Bank:jo', issuer: '' },
    ]);
    const said = 'has entries of several issuers: choose one with --issuer';
    expect(read(`jo,${mixed}`)).toEqual({ read: [], faults: [`line 1 ${said}`] });
    const chosen = importList(`jo,${mixed}`, { issuer: 'acme' });
    expect(chosen.items.map(({ place }) => place)).toEqual(['line 1, entry 1']);
    expect(importList(`jo,${mixed}`, { issuer: 'bank' }).items.map(({ place }) => place)).toEqual([
      'line 1, entry 2',
    ]);
    expect(importList(`jo,${mixed}`, { issuer: 'Other' })).toEqual({
      items: [],
      faults: ['line 1 has no entry of the issuer that --issuer names'],
    });
  });

  it.each([
    ['Aegis', { version: 1, header: {}, db: { entries: [{ info: { secret: BASE32 } }] } }],
    ['2FAS', { services: [{ secret: BASE32 }], schemaVersion: 4 }],
    ['Bitwarden', { encrypted: false, items: [{ login: { totp: BASE32 } }] }],
    ['FreeOTP+', { tokens: [{ secret: [1, 2] }], tokenOrder: [] }],
    ['andOTP', [{ secret: BASE32, type: 'TOTP' }]],
    ['Keycloak', { realm: 'x', users: [] }],
    ['another program', { secret: BASE32 }],
  ])('is not the JSON of %s, which is told once and by name', (name, json) => {
    const refusal = (): unknown => importList(JSON.stringify(json, null, 2), {});
    expect(refusal).toThrow(NotAList);
    expect(refusal).toThrow(name);
  });

  it.each([`<?xml version="1.0"?><KeyContainer/>`, '{ "cut": ', 'j\0o\0', ' \n# nothing\n'])(
    'is not %j, which is told once',
    (text) => {
      expect(() => importList(text, {})).toThrow(NotAList);
    },
  );
});

describe('whatever a line holds', () => {
  const password = 'hunter2-Correct-Horse';
  const other = 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP';
  const folder = 'My Secret Folder';

  it.each([
    [
      'a row of a password manager',
      `${folder},1,login,GitHub,,,0,https://example.com,jo@example.com,${password},${URI}`,
    ],
    ['a password behind the address', `${URI},${password},jo@example.com`],
    ['a password behind the user', `jo@example.com,${password},${URI}`],
    ['two addresses', `jo@example.com,otpauth://totp/x?secret=${other} ${URI}`],
    ['a bare secret', `jo@example.com,${other}`],
    ['a quoted row that goes on', `"jo@example.com","${password}\n","${URI}"`],
    ['a secret twice', `jo@example.com,${URI}&secret=${other}`],
    ['an unknown parameter', `jo@example.com,${URI}&${password}=${other}`],
    ['a secret that is none', `jo@example.com,otpauth://totp/x?secret=${password}!!`],
    ['a digest that is none', `jo@example.com,${URI}&algorithm=${password}`],
    ['a length that is none', `jo@example.com,${URI}&digits=${password}`],
    ['a period that is none', `jo@example.com,${URI}&period=${password}`],
    ['a type that is none', `jo@example.com,otpauth://${password}/x?secret=${other}`],
    ['a migration that is none', `jo@example.com,otpauth-migration://offline?data=${other}`],
  ])('its fault repeats none of it: %s', (_what, line) => {
    const { items, faults } = importList(`x,${URI}\n${line}`, {});
    const said = [...faults, ...items.map(({ entry }) => (entry.kind === 'unusable' ? entry.why : ''))];
    const sentence = said.join('\n');
    expect(sentence).not.toBe('');
    for (const part of [password, other, BASE32, folder, 'GitHub', 'jo@example.com', 'hunter2']) {
      expect(sentence).not.toContain(part);
    }
  });
});
