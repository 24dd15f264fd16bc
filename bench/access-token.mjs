// What checking an access token costs: ours, and the same through @nestjs/passport and passport-jwt (ADR 4).
//
//   npm install --prefix /tmp/passport passport@0.7 passport-jwt@4 @nestjs/passport@12 @nestjs/common@12 rxjs reflect-metadata
//   npm run build && node bench/access-token.mjs /tmp/passport
import 'reflect-metadata';
import { Controller, Get, Module, UseGuards } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { createPublicKey, generateKeyPairSync, randomUUID, verify } from 'node:crypto';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { z } from 'zod';
import { medianOf, rounds } from './lib/rounds.mjs';

const [folder] = process.argv.slice(2);
if (folder === undefined)
  throw new Error('Say where passport is installed; the first lines of this file tell how.');
const strangers = createRequire(join(folder, 'package.json'));
const { AccessTokens } = await import('../dist/libs/auth/src/tokens/access-tokens.js');
const { parsePublicId } = await import('../dist/libs/core/src/index.js');
const { AuthGuard } = await import(pathToFileURL(strangers.resolve('@nestjs/passport')).href);
const passport = strangers('passport');
const { ExtractJwt, Strategy } = strangers('passport-jwt');

const Header = z.object({ kid: z.literal('bench'), typ: z.string() });
const Claims = z.object({
  sub: z.string(),
  sid: z.string(),
  app: z.string(),
  auth_time: z.number(),
  mfa_time: z.number().optional(),
});

const core = { publicUrl: 'https://auth.example.com' };
const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const jwk = { ...publicKey.export({ format: 'jwk' }), kid: 'bench', alg: 'ES256', use: 'sig' };
const clock = { now: () => new Date() };
const tokens = new AccessTokens({ current: { kid: 'bench', privateKey }, published: [jwk] }, clock, core, {
  accessTokenTtlMs: 3_600_000,
});
const token = anIssuedToken();
const authorization = `Bearer ${token}`;

const ours = {
  canActivate: (context) =>
    tokens.read(context.switchToHttp().getRequest().headers.authorization.slice(7)) !== undefined,
};
const guards = {
  'AccessTokens (ours)': ours,
  'passport-jwt, KeyObject': passportGuard('object', createPublicKey({ key: jwk, format: 'jwk' })),
  'passport-jwt, our checks': passportGuard('checks', createPublicKey({ key: jwk, format: 'jwk' }), true),
  'passport-jwt, PEM text': passportGuard('text', publicKey.export({ type: 'spki', format: 'pem' })),
};

await main();

async function main() {
  const signature = bareVerification();
  const guardCosts = await rounds(
    {
      'crypto.verify alone': () => signature(),
      ...Object.fromEntries(Object.entries(guards).map(guardCall)),
    },
    { rounds: 31, calls: 500 },
  );
  show('One check, in microseconds of CPU (median of 31 rounds of 500)', guardCosts);

  const app = await served();
  const requests = Object.fromEntries(
    Object.keys(guards).map((name, index) => [name, () => requested(app, `/${index}`)]),
  );
  const open = Object.keys(guards).length;
  show(
    'One request through Nest and Fastify, in microseconds of CPU (median of 31 rounds of 200)',
    await rounds({ 'no guard': () => requested(app, `/${open}`), ...requests }, { rounds: 31, calls: 200 }),
  );
  await app.close();
}

function anIssuedToken() {
  const now = new Date();
  const session = { id: randomUUID(), authTime: now, mfaTime: now, amr: ['pwd', 'otp', 'mfa'] };
  const account = { id: randomUUID(), applicationId: randomUUID(), role: 'user' };
  const endsAt = new Date(now.getTime() + 86_400_000);
  return tokens.issue({ session: { ...session, endsAt }, account }).accessToken;
}

/**
 * Checks signature, algorithm, issuer, audience and expiry. With `thorough` also what ours checks beyond: the key by
 * its id, the type, the claims' shapes and the ids in them. The strategy hands on the payload only, so that the
 * header has to be read again.
 */
function passportGuard(name, key, thorough = false) {
  const options = {
    jwtFromRequest: ExtractJwt.fromAuthHeaderAsBearerToken(),
    algorithms: ['ES256'],
    issuer: core.publicUrl,
    audience: `${core.publicUrl}/v1`,
    ...(thorough
      ? {
          secretOrKeyProvider: (_request, raw, done) =>
            done(null, headerOf(raw).typ === 'at+jwt' ? key : undefined),
        }
      : { secretOrKey: key }),
  };
  passport.use(
    name,
    new Strategy(options, (claims, done) => done(null, thorough ? identified(claims) : claims)),
  );
  return new (AuthGuard(name))();
}

function headerOf(raw) {
  return Header.parse(JSON.parse(Buffer.from(raw.split('.', 1)[0], 'base64url').toString('utf8')));
}

function identified(claims) {
  const { sub, sid, app } = Claims.parse(claims);
  return {
    user: parsePublicId('usr', sub),
    session: parsePublicId('ses', sid),
    application: parsePublicId('app', app),
  };
}

function guardCall([name, guard]) {
  const request = { headers: { authorization }, url: '/', method: 'GET' };
  const http = { getRequest: () => request, getResponse: () => ({}) };
  const context = { switchToHttp: () => http };
  return [name, () => guard.canActivate(context)];
}

function bareVerification() {
  const [header, payload, signature] = token.split('.');
  const signed = Buffer.from(`${header}.${payload}`);
  const bytes = Buffer.from(signature, 'base64url');
  return () => verify('sha256', signed, { key: publicKey, dsaEncoding: 'ieee-p1363' }, bytes);
}

/** An application with a route for each guard, and one without. */
async function served() {
  class BenchController {}
  [...Object.values(guards), undefined].forEach((guard, index) => {
    const method = `route${index}`;
    BenchController.prototype[method] = () => ({ ok: true });
    const descriptor = Object.getOwnPropertyDescriptor(BenchController.prototype, method);
    Get(String(index))(BenchController.prototype, method, descriptor);
    if (guard !== undefined) UseGuards(guard)(BenchController.prototype, method, descriptor);
  });
  Controller()(BenchController);
  class BenchModule {}
  Module({ controllers: [BenchController] })(BenchModule);
  const app = await NestFactory.create(BenchModule, new FastifyAdapter(), { logger: false });
  await app.init();
  await app.getHttpAdapter().getInstance().ready();
  return app;
}

async function requested(app, url) {
  const { statusCode } = await app.inject({ method: 'GET', url, headers: { authorization } });
  if (statusCode !== 200) throw new Error(`${url} answered ${statusCode}`);
}

function show(title, costs) {
  console.log(`\n${title}`);
  for (const [name, { cpu }] of Object.entries(costs)) {
    console.log(`  ${name.padEnd(26)}${medianOf(cpu).toFixed(1).padStart(8)}`);
  }
}
