import Fastify, { type FastifyInstance } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Problem } from '@countersign/core';
import { readStrictJson } from './body.js';

describe('the reader of bodies', () => {
  let instance: FastifyInstance;
  beforeAll(async () => {
    instance = Fastify();
    readStrictJson(instance);
    instance.setErrorHandler((error: { statusCode?: number }, _request, reply) =>
      reply
        .status(error instanceof Problem ? error.status : (error.statusCode ?? 500))
        .send({ code: error instanceof Problem ? error.code : undefined }),
    );
    instance.post('/', async ({ body }) => ({ body: body ?? 'none' }));
    await instance.ready();
  });
  afterAll(() => instance.close());

  async function read(payload: string, contentType: string): Promise<{ status: number; body: unknown }> {
    const { statusCode, body } = await instance.inject({
      method: 'POST',
      url: '/',
      payload,
      headers: { 'content-type': contentType },
    });
    return { status: statusCode, body: JSON.parse(body) as unknown };
  }

  it.each([
    'application/json',
    'application/json; charset=utf-8',
    'application/json;charset=UTF-8',
    'application/json; charset="utf-8"',
    'Application/JSON ; Charset=Utf-8',
    'application/json; profile=x',
  ])('reads a JSON object sent as %s', async (contentType) => {
    expect(await read('{"a":1}', contentType)).toEqual({ status: 200, body: { body: { a: 1 } } });
  });

  it.each([
    'application/json; charset=utf-16',
    'application/json; charset=',
    'application/json; a=b; charset=latin1',
  ])('refuses another charset: %s', async (contentType) => {
    expect(await read('{"a":1}', contentType)).toEqual({
      status: 415,
      body: { code: 'unsupported_media_type' },
    });
  });

  it.each(['text/plain', 'application/xml', 'application/problem+json', 'application/x-www-form-urlencoded'])(
    'refuses another type: %s',
    async (contentType) => {
      expect((await read('{"a":1}', contentType)).status).toBe(415);
    },
  );

  it.each(['[]', '[{}]', 'null', '"x"', '1', 'false'])('refuses what is no object: %s', async (payload) => {
    expect(await read(payload, 'application/json')).toEqual({
      status: 400,
      body: { code: 'validation_failed' },
    });
  });

  it('takes an empty body for none', async () => {
    expect(await read('', 'application/json')).toEqual({ status: 200, body: { body: 'none' } });
  });
});
