import fc from 'fast-check';
import {
  type ContractDocument,
  credentialOf,
  resolved,
  type Route,
  routesOf,
  type Schema,
} from '../../contract/contract-document.js';

/** A request before its ids are known: a route, and what is to be put into it. */
export interface Draft {
  readonly route: Route;
  /** JSON source text, which may be no JSON at all. */
  readonly body: string | undefined;
  /** Picks ids from what the run has seen so far: a fraction of the list for each parameter. */
  readonly picks: readonly number[];
  /** Taken in place of an id, where it is there. */
  readonly strangeId: string | undefined;
  readonly query: string;
  readonly idempotencyKey: string | undefined;
}

/** Values that a field may meet, as JSON source text: numbers no double holds, texts no database takes. */
const HOSTILE = [
  ...['null', 'true', '0', '-0', '-1', '1.5', '1e400', '-1e400', '1e-400', '9007199254740993', '1E5'],
  ...['""', '" "', '[]', '{}', '[null]', '{"a":1e400}', '{"a":{"b":[9007199254740993]}}', '"\\u0000"'],
  ...['"\\ud800"', '"a\\u200bb"', '"\\u202e"', '"٣٤٥"', '"𝟙𝟚𝟛"', '"é"', '"e\\u0301"', '"ﬀ"', '"İ"', '"ß"'],
  ...['"%00"', '"\\r\\n"', '"__proto__"', '{"__proto__":1}', '{"a":1,"a":2}', '"1970-01-01T00:00:00Z"'],
  ...['"\'; DROP TABLE users; --"', '"9999-12-31T23:59:60Z"', '"+999999-01-01T00:00:00Z"'],
];

const STRANGE_IDS = [
  ...['x', '%00', '%zz', '..%2f', '%20', '%e2%80%8b', 'usr_00000000000000000000000000', '%F0%9F%92%A9'],
  ...['usr_7zzzzzzzzzzzzzzzzzzzzzzzzz', '__proto__', 'a'.repeat(600), '%ed%a0%80', 'me', '-', '+', ':'],
];

const QUERIES = [
  ...['', '', '', '?limit=100', '?limit=0', '?limit=1e400', '?cursor=%00', '?cursor=AAAA', '?user=%00'],
  ...['?type=user.created', '?type=%00', '?from=2026-01-01T00:00:00Z', '?from=+999999-01-01T00:00:00Z'],
  ...['?to=0000-00-00', '?from=2026-13-45T99:99:99Z', '?user=usr_x', '?limit=1&limit=2', '?x[y]=1', '?%00=1'],
];

const hostile = fc.constantFrom(...HOSTILE);

/** Requests for every route of the contract, those that make and erase users most often. */
export function drafts(contract: ContractDocument): fc.Arbitrary<Draft> {
  const routes = routesOf(contract).filter(({ path }) => path.startsWith('/v1/'));
  return fc.oneof(
    ...routes.map((route) => ({ weight: weightOf(route), arbitrary: draftOf(contract, route) })),
  );
}

function weightOf({ method, path }: Route): number {
  if (path === '/v1/users/{user}') return { GET: 2, PUT: 14 }[method] ?? 5;
  if (path.startsWith('/v1/users/{user}/factors') || path === '/v1/challenges') return 8;
  // They cost a password hash each.
  if (path.startsWith('/v1/auth/')) return 1;
  return 3;
}

function draftOf(contract: ContractDocument, route: Route): fc.Arbitrary<Draft> {
  const schema = route.operation.requestBody?.content['application/json']?.schema;
  const repeatable = route.operation.parameters?.some(({ name }) => name === 'Idempotency-Key') === true;
  return fc.record({
    route: fc.constant(route),
    body: schema === undefined ? fc.constant(undefined) : valueOf(contract, schema, 0),
    picks: fc.array(fc.double({ min: 0, max: 0.999, noNaN: true }), { minLength: 3, maxLength: 3 }),
    strangeId: rarely(fc.constantFrom(...STRANGE_IDS)),
    query: route.method === 'GET' ? fc.constantFrom(...QUERIES) : fc.constant(''),
    idempotencyKey: repeatable ? rarely(fc.constantFrom('a', 'b', 'c', 'd')) : fc.constant(undefined),
  });
}

/** One time in ten. */
function rarely<T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> {
  return fc.oneof({ weight: 9, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary });
}

/** JSON source text for a schema: mostly what it describes, now and then something else. */
function valueOf(contract: ContractDocument, given: Schema, depth: number): fc.Arbitrary<string> {
  const schema = resolved(contract, given);
  const forms = schema.oneOf ?? schema.anyOf;
  if (forms !== undefined) return fc.oneof(...forms.map((form) => valueOf(contract, form, depth)));
  if (schema.allOf !== undefined)
    return fc.oneof(...schema.allOf.map((part) => valueOf(contract, part, depth)));
  if (depth === 0) return fc.oneof({ weight: 30, arbitrary: fittingValueOf(contract, schema, 0) }, hostile);
  return fc.oneof({ weight: 9, arbitrary: fittingValueOf(contract, schema, depth) }, hostile);
}

function fittingValueOf(contract: ContractDocument, schema: Schema, depth: number): fc.Arbitrary<string> {
  const examples = [...(schema.enum ?? []), ...(schema.example === undefined ? [] : [schema.example])];
  const texts = examples.map((example) => JSON.stringify(example));
  if (schema.properties !== undefined) return objectOf(contract, schema, depth);
  if (texts.length > 0) return fc.constantFrom(...texts);
  if (depth > 4) return fc.constant('null');
  switch (schema.type) {
    case 'array':
      return fc
        .array(valueOf(contract, schema.items ?? {}, depth + 1), { maxLength: 3 })
        .map((items) => `[${items.join(',')}]`);
    case 'object':
      return fc.constantFrom(
        '{}',
        '{"amount":100}',
        '{"amount":9007199254740992}',
        '{"to":"DE89","n":[1,2]}',
      );
    case 'number':
    case 'integer':
      return fc.oneof(fc.integer({ min: 0, max: 1000 }).map(String), fc.constantFrom('1e3', '0.1', '1e400'));
    case 'boolean':
      return fc.constantFrom('true', 'false');
    default:
      return fc.oneof(
        fc.string({ maxLength: 40, unit: 'grapheme' }).map((text) => JSON.stringify(text)),
        fc.constantFrom('"123456"', '"fuzz-0"', '"a@example.com"', '"+14155550100"', '"AAAA-BBBB-CCCC-DDDD"'),
      );
  }
}

function objectOf(contract: ContractDocument, schema: Schema, depth: number): fc.Arbitrary<string> {
  const fields = Object.entries(schema.properties ?? {}).map(([name, property]) =>
    fc
      .tuple(
        fc.integer({ min: 0, max: 99 }),
        valueOf(contract, property, depth + 1).map((value) => `${JSON.stringify(name)}:${value}`),
      )
      .map(([chance, text]) => (chance < (schema.required?.includes(name) === true ? 97 : 35) ? [text] : [])),
  );
  const unknown = fc.constantFrom([], [], [], [], [], [], [], [], [], [], [], [], ['"contractUnknown":1']);
  return fc.tuple(unknown, ...fields).map((parts) => `{${parts.flat().join(',')}}`);
}

/** Which kind of credential a route is called with. */
export function callerOf({ path, operation }: Route): 'person' | 'administrator' | 'server' | 'none' {
  const kind = credentialOf(operation);
  const servers = operation.security?.some((requirement) => 'apiKey' in requirement) === true;
  if (servers) return 'server';
  if (kind === 'accessToken') return /^\/v1\/(me|auth)\b/.test(path) ? 'person' : 'administrator';
  return 'none';
}
