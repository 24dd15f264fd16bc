import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type ContractDocument,
  credentialOf,
  resolved,
  type Route,
  routesOf,
  type Schema,
} from '../contract/contract-document.js';
import { startTestApp, type TestApp } from '../factories/app.js';
import type { Answer } from '../factories/client.js';
import { beginLogin, logIn, type PersonWithTotp, registerWithTotp } from '../factories/people.js';
import { eventually } from '../factories/process.js';
import { enrolServedUser, makeServer, type ServedUser, type Server } from '../factories/servers.js';
import { sql } from '../factories/sql.js';
import { expectRefusal } from '../factories/refusal.js';

const contract = JSON.parse(
  readFileSync(join(import.meta.dirname, '../../docs/openapi.json'), 'utf8'),
) as ContractDocument;

const routes = routesOf(contract)
  .filter(({ path }) => path.startsWith('/v1/'))
  .map((route) => ({ ...route, name: `${route.method} ${route.path}` }));
const writing = routes.filter(({ method }) => method !== 'GET');
const withFields = writing.filter(({ operation }) => operation.requestBody !== undefined).flatMap(eachForm);
const withoutFields = writing.filter(({ operation }) => operation.requestBody === undefined);
const listing = routes.filter(({ operation }) => operation.parameters?.some(({ name }) => name === 'cursor'));
const withId = routes.filter(({ path }) => path.includes('{id}'));

/** Values of JSON that no field of the contract takes, as source text. */
const NEVER_VALUES = [
  '0',
  '-1',
  '1.5',
  '1e400',
  '[]',
  '[1]',
  '["a"]',
  '{}',
  '{"$ne":null}',
  '{"toString":"x"}',
  '"a\\u0000b"',
  '"\\ud800"',
  '"\\udc00\\ud800"',
  JSON.stringify('x'.repeat(60_000)),
  `${'['.repeat(10)}${']'.repeat(10)}`,
  `${'{"a":'.repeat(12)}1${'}'.repeat(12)}`,
];

/** Texts that mean something to somebody else's parser. */
const INJECTIONS = [
  `' OR 1=1 --`,
  `'; DROP TABLE users; --`,
  `<script>alert(1)</script>`,
  '${jndi:ldap://x/}',
  '{{7*7}}',
  '../../etc/passwd',
  '%00',
  '%s%n',
  '\u202eabc',
  'a\u200bb',
  '__proto__',
  'ʼ; SELECT pg_sleep(9)',
  '[object Object]',
];

/** Bodies that no route takes, whatever its fields. */
const NEVER_BODIES: [what: string, body: string | Uint8Array<ArrayBuffer>][] = [
  ['an array', '[]'],
  ['an array of an object', '[{}]'],
  ['null', 'null'],
  ['a text', '"x"'],
  ['a number', '1'],
  ['a boolean', 'true'],
  ['half an object', '{'],
  ['an object without a value', '{"a":}'],
  ['a comma too many', '{"a":1,}'],
  ['a comment', '{/* */}'],
  ['NaN', '{"a":NaN}'],
  ['single quotes', `{'a':1}`],
  ['two objects', '{}{}'],
  ['white space', '  \n '],
  ['a NUL', '\0'],
  ['a form', 'email=a%40b.example&password=x'],
  ['a repeated key', '{"a":1,"a":1}'],
  ['a repeated key in another spelling', '{"a":1,"\\u0061":2}'],
  ['a repeated key further down', '{"a":{"b":1,"b":1}}'],
  ['the key __proto__', '{"__proto__":{"admin":true}}'],
  ['the key __proto__ in another spelling', '{"\\u005f_proto__":{"admin":true}}'],
  ['the key constructor', '{"constructor":{"prototype":{"admin":true}}}'],
  ['a NUL in a key', '{"a\\u0000":1}'],
  ['a lone surrogate in a key', '{"\\ud800":1}'],
  ['17 levels', `${'{"a":'.repeat(17)}1${'}'.repeat(17)}`],
  ['20 000 levels', `${'['.repeat(20_000)}${']'.repeat(20_000)}`],
  ['20 000 open levels', '{"a":'.repeat(12_000)],
  ['an unknown field', '{"contractUnknown":1}'],
  ['a field that every object has', '{"toString":1,"hasOwnProperty":1,"valueOf":1}'],
  ['a byte order mark', '\ufeff{}'],
  ['bytes that are not UTF-8', Uint8Array.of(0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d)],
  ['an overlong UTF-8 slash', Uint8Array.of(0x7b, 0x22, 0xc0, 0xaf, 0x22, 0x3a, 0x31, 0x7d)],
  ['a surrogate in UTF-8', Uint8Array.of(0x7b, 0x22, 0xed, 0xa0, 0x80, 0x22, 0x3a, 0x31, 0x7d)],
  ['UTF-16', Uint8Array.from(Buffer.from('{"a":1}', 'utf16le'))],
];

/** Those of them that are strict JSON, though not what is asked for. */
const READABLE = new Set([
  'an array',
  'an array of an object',
  'null',
  'a text',
  'a number',
  'a boolean',
  'an unknown field',
]);

const NEVER_TYPES = [
  'text/plain',
  'text/json',
  'application/xml',
  'application/x-www-form-urlencoded',
  'multipart/form-data; boundary=x',
  'application/octet-stream',
  'application/json-patch+json',
  'application/vnd.api+json',
  'application/jsonx',
  'application/json; charset=utf-16',
  'application/json; charset=latin1',
  'application/json; charset="iso-8859-1"',
  'application/json; charset=',
  'json',
  '*/*',
];

describe('hostile input', () => {
  let world: TestApp;
  let person: PersonWithTotp;
  let pendingFactorId: string;
  let tempToken: string;
  let challengeId: string;
  let database: pg.Client;
  let before: string;
  let server: Server;
  let user: ServedUser;
  let pendingOfUser: string;
  /** Ids of what is there, by the beginning of the routes about it. */
  let ids: Readonly<Record<string, string>>;

  beforeAll(async () => {
    world = await startTestApp();
    const owner = await registerWithTotp(world);
    await sql(world.databaseUrl, `UPDATE users SET role = 'admin' WHERE email = $1`, [owner.email]);
    // An administrator with a fresh second factor, so that nothing stops at the guards.
    person = { ...owner, ...(await logIn(world, owner)) };
    await prepareManaged();
    const pending = await world.client.post(
      '/v1/me/factors',
      { type: 'totp' },
      { token: person.accessToken },
    );
    pendingFactorId = pending.body.id as string;
    ({ id: challengeId, tempToken } = await beginLogin(world, person));
    database = new pg.Client({ connectionString: world.databaseUrl });
    await database.connect();
    before = await everything();
  });

  afterAll(async () => {
    await database.end();
    await world.stop();
  });

  /** A digest of every row of every table. */
  async function everything(): Promise<string> {
    const { rows } = await database.query<{ name: string }>(
      `SELECT format('%I', tablename) AS name FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename`,
    );
    const digests: string[] = [];
    for (const { name } of rows) {
      const digest = await database.query<{ digest: string }>(
        `SELECT count(*) || md5(COALESCE(string_agg(row::text, '' ORDER BY row::text), '')) AS digest FROM ${name} AS row`,
      );
      digests.push(`${name} ${digest.rows[0]?.digest}`);
    }
    return digests.join('\n');
  }

  async function prepareManaged(): Promise<void> {
    const { accessToken: token, email, password, id } = person;
    const rateLimit = { limit: 1_000_000, windowSeconds: 60 };
    server = await makeServer(world, { administrator: { id, email, password, token }, rateLimit });
    user = await enrolServedUser(world, server);
    const hook = { url: 'https://93.184.216.34/', events: ['user.deleted'] };
    const webhook = (await server.post('/v1/webhooks', hook)).body.id as string;
    const enrolled = await world.client.post(
      `/v1/users/${user.externalId}/factors`,
      { type: 'totp' },
      { token },
    );
    pendingOfUser = enrolled.body.id as string;
    const applications = (await world.client.get('/v1/applications', { token })).body.data as {
      id: string;
    }[];
    const challenge = (await server.post('/v1/challenges', { user: user.externalId })).body.id as string;
    ids = {
      '/v1/api-keys': server.keyId,
      '/v1/applications': applications[0]?.id ?? '',
      '/v1/webhooks': webhook,
      '/v1/users': user.factorId,
      '/v1/challenges/{id}': challenge,
    };
    // A key's use is noted a moment after it.
    await eventually(
      async () =>
        (await sql(world.databaseUrl, 'SELECT id FROM api_keys WHERE last_used_at IS NULL')).length === 0,
    );
  }

  function urlOf({ path, operation }: Route, id = idFor(path, operation)): string {
    return path
      .replace('{user}', user.externalId)
      .replace('{deliveryId}', 'dlv_01jdc0m6bye5ts0kc28f7q9v3m')
      .replace('{id}', id);
  }

  function idFor(path: string, operation: Route['operation']): string {
    if (credentialOf(operation) === 'tempToken') return challengeId;
    if (path.startsWith('/v1/me')) return path.endsWith('/activate') ? pendingFactorId : person.factorId;
    if (path.endsWith('/activate')) return pendingOfUser;
    return Object.entries(ids).find(([start]) => path.startsWith(start))?.[1] ?? person.factorId;
  }

  // The cursor of another list.
  function idOfAnotherKind({ path }: Route): string {
    return path === '/v1/users' ? server.keyId : person.id;
  }

  function tokenFor({ operation }: Route): string | undefined {
    return {
      accessToken: person.accessToken,
      tempToken,
      apiKey: server.key,
      cookie: undefined,
      none: undefined,
    }[credentialOf(operation)];
  }

  async function send(
    route: Route,
    body: string | Uint8Array<ArrayBuffer> | undefined,
    { url = urlOf(route), contentType = 'application/json' }: { url?: string; contentType?: string } = {},
  ): Promise<Answer> {
    return world.client.send(route.method, url, {
      body,
      token: tokenFor(route),
      ...(body === undefined ? {} : { headers: { 'content-type': contentType } }),
    });
  }

  function expectDocumentedRefusal(route: Route, answer: Answer, what: string): void {
    try {
      expectRefusal(answer);
      expect(Object.keys(route.operation.responses)).toContain(String(answer.status));
    } catch (error) {
      throw new Error(`${what} was answered ${answer.status} ${JSON.stringify(answer.body)}`, {
        cause: error,
      });
    }
  }

  async function expectNothingChanged(): Promise<void> {
    expect(await everything()).toBe(before);
    const { status } = await world.client.get('/v1/me', { token: person.accessToken });
    expect(status).toBe(200);
  }

  it.each(withFields)('$name takes no field of another type, and nothing changes', async (route) => {
    for (const { name, schema } of fieldsOf(route)) {
      const others = validFields(route).filter((field) => field.name !== name);
      const never = [
        ...NEVER_VALUES,
        ...(schema.type === 'boolean' ? ['"true"', '"x"', '1'] : ['true', 'false']),
      ];
      if (!('nullable' in schema)) never.push('null');
      for (const value of never.filter((candidate) => !mayFit(schema, candidate))) {
        const body = objectOf([...others, { name, value }]);
        const answer = await send(route, body);
        expectDocumentedRefusal(route, answer, `${name}: ${value.slice(0, 40)}`);
        expect(answer.status, `${name}: ${value.slice(0, 40)}`).toBe(400);
      }
    }
    await expectNothingChanged();
  });

  it.each(withFields)('$name is not fooled by injected texts', async (route) => {
    for (const { name, schema } of fieldsOf(route)) {
      if (FREE_TEXTS.has(name) || schema.type !== 'string') continue;
      const others = validFields(route).filter((field) => field.name !== name);
      for (const text of INJECTIONS.slice(0, COSTLY_FIELDS.has(name) ? 3 : undefined)) {
        const answer = await send(route, objectOf([...others, { name, value: JSON.stringify(text) }]));
        expectDocumentedRefusal(route, answer, `${name}: ${text}`);
      }
    }
    await expectNothingChanged();
  });

  it.each(withFields)('$name refuses what lacks a field, and what has one more', async (route) => {
    const fields = validFields(route);
    for (const { name } of fields.filter(({ required }) => required)) {
      const answer = await send(route, objectOf(fields.filter((field) => field.name !== name)));
      expectDocumentedRefusal(route, answer, `without ${name}`);
    }
    for (const unknown of ['contractUnknown', 'id', 'role', 'emailVerified', 'isAdmin', 'applicationId']) {
      const answer = await send(route, objectOf([...fields, { name: unknown, value: '"admin"' }]));
      expectDocumentedRefusal(route, answer, `with ${unknown}`);
      expect(answer.body.code).toBe('validation_failed');
    }
    await expectNothingChanged();
  });

  it.each(writing)('$name takes no body but a strict JSON object', async (route) => {
    for (const [what, body] of someOf(NEVER_BODIES, route, 10)) {
      const answer = await send(route, body);
      expectDocumentedRefusal(route, answer, what);
      expect(answer.body.code, what).toBe(READABLE.has(what) ? 'validation_failed' : 'malformed_request');
    }
    await expectNothingChanged();
  });

  it.each(writing)('$name takes no other content type, and no more than 64 KiB', async (route) => {
    for (const contentType of someOf(NEVER_TYPES, route, 3)) {
      const answer = await send(route, '{}', { contentType });
      expectDocumentedRefusal(route, answer, contentType);
      expect(answer.body.code, contentType).toBe('unsupported_media_type');
    }
    for (const body of [`{"a":"${'x'.repeat(70_000)}"}`, ' '.repeat(65_537)]) {
      const answer = await send(route, body);
      expectDocumentedRefusal(route, answer, '70 KB');
      expect(answer.body.code).toBe('payload_too_large');
    }
    await expectNothingChanged();
  });

  it.each(withFields.filter((route) => validFields(route).some(({ required }) => required)))(
    '$name refuses to be without a body',
    async (route) => {
      expectDocumentedRefusal(route, await send(route, undefined), 'no body');
      expectDocumentedRefusal(route, await send(route, ''), 'an empty body');
      expectDocumentedRefusal(route, await send(route, '{}'), 'an empty object');
      await expectNothingChanged();
    },
  );

  it.each(withoutFields)('$name refuses fields, because it knows none', async (route) => {
    for (const body of ['{"id":"x"}', '{"password":"x"}', '{"":""}']) {
      const answer = await send(route, body);
      expectDocumentedRefusal(route, answer, body);
      expect(answer.body.code).toBe('validation_failed');
    }
    await expectNothingChanged();
  });

  it.each(withId)('$name answers every strange id as not found', async (route) => {
    const ids = [
      ...['x', '0', 'null', '%20', '%00', '%0d%0aX-Injected:1', '..%2f..%2fme', "'%20OR%201=1", '*', '{id}'],
      ...['fac_', 'fac_00000000000000000000000000', 'fac_zzzzzzzzzzzzzzzzzzzzzzzzzz', '%F0%9F%92%A9'],
      ...[
        'usr_01jdc0m6bye5ts0kc28f7q9v3m',
        person.id,
        'FAC_01JDC0M6BYE5TS0KC28F7Q9V3M',
        `${person.factorId}x`,
      ],
      ...['__proto__', 'constructor', 'a'.repeat(512), 'a'.repeat(513), 'a'.repeat(8_000)],
      'chl_01jdc0m6bye5ts0kc28f7q9v3m',
    ];
    for (const id of ids) {
      const url = urlOf(route, id);
      const body = route.operation.requestBody === undefined ? undefined : objectOf(validFields(route));
      const answer = await send(route, body, { url });
      const what = `id ${id.slice(0, 40)}`;
      expectDocumentedRefusal(route, answer, what);
      // A temp token opens its own challenge only, and does not tell which others there are.
      expect(['not_found', 'invalid_token'], what).toContain(answer.body.code);
      expect(answer.headers.get('x-injected')).toBeNull();
    }
    for (const id of ['%', '%zz', '%f', '%ff', '%c0%af', '%ed%a0%80']) {
      const answer = await send(route, undefined, { url: urlOf(route, id) });
      expectDocumentedRefusal(route, answer, `id ${id}`);
      expect(answer.body.code).toBe('malformed_request');
    }
    await expectNothingChanged();
  });

  it.each(listing)('$name refuses odd queries', async (route) => {
    const queries = [
      ...['limit=0', 'limit=-1', 'limit=101', 'limit=1.5', 'limit=abc', 'limit=', 'limit=1e9', 'limit=NaN'],
      ...[
        'limit=1&limit=2',
        'limit[]=1',
        'limit[a]=1',
        'limit=1%00',
        'limit=0x10',
        'limit=%201',
        'limit=1e1',
      ],
      ...['cursor=', 'cursor=abc', 'cursor=%00', 'cursor=a&cursor=b', `cursor=${'a'.repeat(201)}`],
      ...[
        `cursor=${Buffer.from(idOfAnotherKind(route)).toString('base64url')}`,
        'cursor[$gt]=',
        'cursor=%f0%28%8c%28',
      ],
      ...['unknown=1', '__proto__[limit]=1', 'Limit=1'],
      `cursor=${Buffer.from("' OR 1=1 --").toString('base64url')}`,
    ];
    for (const query of queries) {
      const answer = await send(route, undefined, { url: `${urlOf(route)}?${query}` });
      expectDocumentedRefusal(route, answer, query.slice(0, 60));
      expect(answer.body.code, query).toBe('validation_failed');
    }
    await expectNothingChanged();
  });

  it.each(routes)('$name is not moved by strange headers', async (route) => {
    const body = route.operation.requestBody === undefined ? undefined : objectOf(validFields(route));
    const token = tokenFor(route);
    for (const slug of ['nobody', "' OR 1=1 --", '..', '__proto__', 'A', 'x'.repeat(5_000), '\u00ff']) {
      const answer = await world.client.send(route.method, urlOf(route), {
        body,
        token,
        headers: { 'X-Application': slug },
      });
      expectDocumentedRefusal(route, answer, `X-Application: ${slug.slice(0, 40)}`);
      expect(answer.body.code).toBe('not_found');
    }
    if (token === undefined) return;
    for (const authorization of [
      '',
      'Bearer',
      'Bearer ',
      'Basic YTpi',
      `Bearer ${token} x`,
      `Bearer ${token}é`,
      token,
    ]) {
      const answer = await world.client.send(route.method, urlOf(route), {
        body,
        headers: { authorization },
      });
      expectDocumentedRefusal(route, answer, `Authorization: ${authorization.slice(0, 40)}`);
      expect(answer.status).toBe(401);
    }
    await expectNothingChanged();
  });

  it('keeps free texts as they are, and answers them as JSON', async () => {
    const owner = await registerWithTotp(world);
    for (const text of INJECTIONS) {
      const answer = await world.client.patch('/v1/me', { displayName: text }, { token: owner.accessToken });
      expect(answer.status, text).toBe(200);
      expect(answer.body.displayName).toBe(text);
      expect(answer.headers.get('content-type')).toBe('application/json; charset=utf-8');
    }
  });
});

const FREE_TEXTS = new Set([
  'displayName',
  'label',
  'deviceName',
  'password',
  'name',
  'description',
  'issuer',
  'action',
]);
// A password is hashed before the answer.
const COSTLY_FIELDS = new Set(['email', 'deviceToken']);

/** Values that a field of another type than text may take after all. */
function mayFit(schema: Schema, value: string): boolean {
  if (schema.type === 'number') return value === '0';
  if (schema.type === 'array') return value === '[]';
  return (
    (schema.type === 'object' || schema.$ref !== undefined || schema.allOf !== undefined) &&
    value.startsWith('{')
  );
}

interface Field {
  readonly name: string;
  readonly schema: Schema;
  readonly required: boolean;
}

/**
 * All of a list for two routes, one with fields and one without; for the others, which have the same reader, so many
 * of it, each route another part.
 */
function someOf<T>(list: readonly T[], { operation }: Route, count: number): readonly T[] {
  if (operation.operationId === 'changeMe' || operation.operationId === 'logout') return list;
  const start = writing.findIndex((route) => route.operation === operation) * count;
  return Array.from({ length: count }, (_, index) => list[(start + index) % list.length]).filter(
    (item): item is T => item !== undefined,
  );
}

interface RouteWithForm extends Route {
  readonly name: string;
  /** One of the bodies that a route takes. */
  readonly form?: Schema;
}

/** A route for each body that it takes, told apart by `type` or by the fields, or just the route. */
function eachForm(route: RouteWithForm): RouteWithForm[] {
  const { oneOf, anyOf } = bodyOf(route);
  const forms = (oneOf ?? anyOf ?? []).map((form) => resolved(contract, form));
  if (forms.length === 0) return [route];
  return forms.map((form, index) => {
    const type = form.properties?.['type']?.enum?.[0];
    const which = typeof type === 'string' ? type : `${form.required?.[0] ?? ''} ${index}`;
    return { ...route, name: `${route.name} (${which})`, form };
  });
}

function bodyOf({ operation }: Route): Schema {
  return operation.requestBody?.content['application/json']?.schema ?? {};
}

/** The fields of a body: of the form that is meant, or of the first. */
function fieldsOf(route: RouteWithForm): Field[] {
  const schema = bodyOf(route);
  const forms = [route.form ?? resolved(contract, schema.oneOf?.[0] ?? schema.anyOf?.[0] ?? schema)];
  const fields = forms.flatMap((form) =>
    Object.entries(form.properties ?? {}).map(([name, property]) => ({
      name,
      schema: property,
      required: form.required?.includes(name) === true,
    })),
  );
  return [...new Map(fields.map((field) => [field.name, field])).values()];
}

/** A valid value, as source text, for each field that is needed. */
function validFields(route: RouteWithForm): { name: string; value: string; required: boolean }[] {
  return fieldsOf(route)
    .filter(({ required }) => required)
    .map(({ name, schema, required }) => ({
      name,
      required,
      value: JSON.stringify(schema.example ?? schema.enum?.[0] ?? 'x'),
    }));
}

function objectOf(fields: readonly { name: string; value: string }[]): string {
  return `{${fields.map(({ name, value }) => `${JSON.stringify(name)}:${value}`).join(',')}}`;
}
