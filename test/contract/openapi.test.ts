import { execFile } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual, promisify } from 'node:util';
import openapiTS, { astToString } from 'openapi-typescript';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { servedOpenApi, SNAPSHOT } from '../../scripts/lib/openapi.mjs';
import { startTestApp, type TestApp } from '../factories/app.js';
import { freshDatabase } from '../factories/database.js';
import { type ContractDocument, credentialOf, routesOf, type Schema } from './contract-document.js';

const REPOSITORY = join(import.meta.dirname, '../..');
const FLOW = join(import.meta.dirname, 'generated-client/main-flow.mts');
const run = promisify(execFile);

const snapshot = JSON.parse(readFileSync(SNAPSHOT, 'utf8')) as ContractDocument;
const routes = routesOf(snapshot).map((route) => ({ ...route, name: `${route.method} ${route.path}` }));
const underV1 = routes.filter(({ path }) => path.startsWith('/v1/'));

describe('the OpenAPI document', () => {
  it('is served by the build as it is kept in docs/openapi.json', async () => {
    const served = (await servedOpenApi(await freshDatabase())) as ContractDocument;
    expect(
      differences(served, snapshot),
      'docs/openapi.json is not what is served: write it anew with `node scripts/openapi.mjs`',
    ).toEqual([]);
  });

  it('names every operation once', () => {
    const ids = routes.map(({ operation }) => operation.operationId);
    expect(ids.every((id) => id !== undefined && /^[a-z][A-Za-z]+$/.test(id))).toBe(true);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it.each(routes)('describes $name, each of its answers, and files it under a tag', ({ operation }) => {
    expect(operation.summary).toMatch(/\S/);
    expect(operation.tags).toHaveLength(1);
    for (const response of Object.values(operation.responses)) expect(response.description).toMatch(/\S/);
  });

  it.each(underV1)('has an example for every error of $name', ({ operation }) => {
    for (const [status, { content }] of Object.entries(operation.responses)) {
      if (status < '400') continue;
      const problem = content?.['application/problem+json'];
      expect(problem?.schema, status).toEqual({ $ref: '#/components/schemas/Problem' });
      const examples = Object.entries(problem?.examples ?? {});
      expect(examples.length, status).toBeGreaterThan(0);
      for (const [code, { value }] of examples) {
        expect(value).toMatchObject({ status: Number(status), code, type: expect.stringContaining(code) });
      }
    }
    const credential = credentialOf(operation);
    for (const status of ['400', '404', '429', '503', ...(credential === 'none' ? [] : ['401'])]) {
      expect(operation.responses).toHaveProperty(status);
    }
  });

  it('has no schema that says nothing', () => {
    const silent: string[] = [];
    const look = (schema: Schema, where: string): void => {
      if (Object.keys(schema).every((key) => ['description', 'example', 'nullable'].includes(key))) {
        silent.push(where);
      }
      for (const [name, property] of Object.entries(schema.properties ?? {}))
        look(property, `${where}.${name}`);
      for (const part of [...(schema.oneOf ?? []), ...(schema.anyOf ?? []), ...(schema.allOf ?? [])]) {
        look(part, where);
      }
      if (schema.items !== undefined) look(schema.items, `${where}[]`);
      if (schema.type === 'array') expect(schema.items, where).toBeDefined();
    };
    for (const [name, schema] of Object.entries(snapshot.components.schemas)) look(schema, name);
    for (const { name, operation } of routes) {
      for (const [type, { schema }] of Object.entries(operation.requestBody?.content ?? {})) {
        look(schema, `${name} ${type}`);
      }
      for (const [status, { content }] of Object.entries(operation.responses)) {
        if (status === '204') expect(content).toBeUndefined();
        else expect(Object.keys(content ?? {}), `${name} ${status}`).not.toEqual([]);
        for (const { schema } of Object.values(content ?? {})) look(schema, `${name} ${status}`);
      }
    }
    expect(silent).toEqual([]);
  });

  it('tells what an enrolment shows once, by type', () => {
    expect(schemaFields('TotpEnrolled')).toEqual(['otpauthUri', 'qrCode', 'secret', 'type']);
    expect(schemaFields('BackupCodeEnrolled')).toEqual(['backupCodes', 'type']);
  });
});

/** Paths, schemas and other parts that are not the same in both. */
function differences(one: object, other: object, within = ''): string[] {
  const names = new Set([...Object.keys(one), ...Object.keys(other)]);
  return [...names].flatMap((name) => {
    const [left, right]: unknown[] = [Reflect.get(one, name), Reflect.get(other, name)];
    if (isDeepStrictEqual(left, right)) return [];
    const deeper = ['paths', 'components', 'schemas'].includes(name) && isObject(left) && isObject(right);
    return deeper ? differences(left, right, `${within}${name} `) : [`${within}${name}`];
  });
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function schemaFields(name: string): string[] {
  return (snapshot.components.schemas[name]?.allOf?.at(-1)?.required ?? []).toSorted();
}

describe('a route', () => {
  let world: TestApp;
  beforeAll(async () => {
    world = await startTestApp();
  });
  afterAll(() => world.stop());

  it.each(underV1)(
    '$name asks for the credential that is documented',
    async ({ method, path, operation }) => {
      const url = path.replace('{id}', 'chl_01jdc0m6bye5ts0kc28f7q9v3m');
      const body = method === 'POST' || method === 'PATCH' ? { nothing: 'known' } : undefined;
      const without = await world.client.send(method, url, { body });
      const withWrong = await world.client.send(method, url, {
        body,
        token: credentialOf(operation) === 'tempToken' ? 'abc' : `tmp_${'A'.repeat(86)}`,
      });
      if (credentialOf(operation) === 'none') {
        expect([without.status, withWrong.status]).toEqual([400, 400]);
      } else {
        expect(without.body).toMatchObject({ status: 401, code: 'unauthenticated' });
        expect(withWrong.body).toMatchObject({ status: 401, code: 'invalid_token' });
      }
    },
  );

  it('drives the main flow through a client that openapi-typescript generates and tsc compiles', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'countersign-client-'));
    try {
      symlinkSync(join(REPOSITORY, 'node_modules'), join(folder, 'node_modules'));
      copyFileSync(FLOW, join(folder, 'main-flow.mts'));
      writeFileSync(
        join(folder, 'schema.d.ts'),
        astToString(await openapiTS(readFileSync(SNAPSHOT, 'utf8'))),
      );
      writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions: STRICT }));
      await run(process.execPath, [join(REPOSITORY, 'node_modules/typescript/bin/tsc'), '-p', folder]).catch(
        ({ stdout }: { stdout: string }) => expect.fail(`the generated client does not compile:\n${stdout}`),
      );
      const program = [join(folder, 'main-flow.mjs'), world.client.baseUrl, world.clock.now().toISOString()];
      const { stdout } = await run(process.execPath, program);
      expect(JSON.parse(stdout)).toEqual({
        backupCodes: 10,
        refused: ['answer_rejected', 4],
        me: ['generated-client@example.com', true],
        factors: [
          ['totp', 'My phone', 'active'],
          ['backup_code', null, 'active'],
        ],
        logout: 204,
        after: 'invalid_token',
      });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

const STRICT = {
  target: 'ES2023',
  lib: ['ES2023', 'DOM'],
  module: 'nodenext',
  types: ['node'],
  strict: true,
  noUncheckedIndexedAccess: true,
  exactOptionalPropertyTypes: true,
  noPropertyAccessFromIndexSignature: true,
  skipLibCheck: true,
};
