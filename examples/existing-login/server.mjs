// A backend with a login of its own, and a second factor from Countersign. Its users stay where they are.
import Fastify from 'fastify';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import { randomBytes, scryptSync, timingSafeEqual } from 'node:crypto';
import { DatabaseSync } from 'node:sqlite';
import { Webhook } from 'standardwebhooks';

// What the user is told when Countersign refuses. None of it lets anybody in.
const REFUSALS = {
  410: 'This login is over: begin again.',
  422: 'The code is wrong, or was used before.',
  423: 'The second factor is locked: use another one, or ask us.',
  429: 'There were too many tries: wait a little.',
};
const refuse = (statusCode, message) => Object.assign(new Error(message), { statusCode });
const additionalProperties = { type: 'string' }; // Fastify answers 400 where a body does not fit.
const texts = (...required) => ({ schema: { body: { type: 'object', required, additionalProperties } } });

/** @param {{ countersign: string, apiKey: string, webhookSecret: () => string | undefined, file?: string }} settings */
export function createServer({ countersign, apiKey, webhookSecret, file = ':memory:' }) {
  const db = new DatabaseSync(file);
  db.exec(`CREATE TABLE IF NOT EXISTS users (
             id TEXT PRIMARY KEY, email TEXT UNIQUE NOT NULL, salt BLOB NOT NULL, hash BLOB NOT NULL);
           CREATE TABLE IF NOT EXISTS sessions (token TEXT PRIMARY KEY, user_id TEXT NOT NULL);
           CREATE TABLE IF NOT EXISTS pending_logins (challenge TEXT PRIMARY KEY, user_id TEXT NOT NULL)`);
  const keys = createRemoteJWKSet(new URL(`${countersign}/.well-known/jwks.json`));
  const app = Fastify();

  // A rejected answer is never a 2xx. What is no answer at all (a dead service, a proxy's page) has no status of ours.
  async function call(path, body) {
    const headers = { 'x-api-key': apiKey, 'content-type': 'application/json' };
    const sent = { method: 'POST', headers, signal: AbortSignal.timeout(10_000), body: JSON.stringify(body) };
    try {
      const response = await fetch(`${countersign}${path}`, sent);
      return { status: response.status, ok: response.ok, answer: await response.json() };
    } catch {
      return { status: 503, ok: false, answer: {} };
    }
  }
  const accepted = ({ ok, status, answer }) => {
    if (ok) return answer;
    throw refuse(status in REFUSALS ? status : 503, REFUSALS[status] ?? 'Try again in a moment.');
  };

  const hashOf = (password, salt) => scryptSync(password, salt, 32);
  const startSession = (userId) => {
    const token = randomBytes(32).toString('base64url');
    db.prepare('INSERT INTO sessions VALUES (?, ?)').run(token, userId);
    return { status: 'logged_in', session: token };
  };
  const userOf = ({ headers }) => {
    const token = headers.authorization?.replace('Bearer ', '') ?? '';
    const session = db.prepare('SELECT user_id FROM sessions WHERE token = ?').get(token);
    if (session === undefined) throw refuse(401, 'Log in first');
    return session.user_id;
  };

  app.post('/register', texts('email', 'password'), async ({ body: { email, password } }) => {
    const [id, salt] = [randomBytes(9).toString('base64url'), randomBytes(16)];
    const insert = db.prepare('INSERT OR IGNORE INTO users (id, email, salt, hash) VALUES (?, ?, ?, ?)');
    if (insert.run(id, email, salt, hashOf(password, salt)).changes === 0) throw refuse(409, 'Taken');
    return startSession(id);
  });

  // The login as it always was, and one question more, at each login: has this user a second factor? Only the 409
  // `not_enrolled` of Countersign says no. Whatever else goes wrong, nobody is let in.
  app.post('/login', texts('email', 'password'), async (request) => {
    const { email, password } = request.body;
    const user = db.prepare('SELECT * FROM users WHERE email = ?').get(email);
    if (user === undefined || !timingSafeEqual(hashOf(password, user.salt), user.hash)) {
      throw refuse(401, 'Wrong');
    }
    const context = { ip: request.ip, userAgent: request.headers['user-agent'] ?? '' };
    const asked = await call('/v1/challenges', { user: user.id, context });
    if (asked.status === 409 && asked.answer.code === 'not_enrolled') return startSession(user.id);
    const { id, factors } = accepted(asked);
    db.prepare('INSERT INTO pending_logins VALUES (?, ?)').run(id, user.id);
    return { status: 'code_needed', challenge: id, factors };
  });

  // The challenge is for the very user who passed the first step: nobody else's code opens this session.
  app.post('/login/code', texts('challenge', 'code'), async ({ body: { challenge, code } }) => {
    const pending = db.prepare('SELECT user_id FROM pending_logins WHERE challenge = ?').get(challenge);
    if (pending === undefined) throw refuse(401, 'Log in first');
    const { user_id: user } = pending;
    const { assertion } = accepted(await call(`/v1/challenges/${challenge}/verify`, { user, code }));
    const checks = { audience: 'default', subject: user, typ: '2fa-assertion+jwt', algorithms: ['ES256'] };
    const { payload } = await jwtVerify(assertion, keys, checks);
    if (payload.action !== 'login') throw refuse(403, 'A proof of something else');
    db.prepare('DELETE FROM pending_logins WHERE challenge = ?').run(challenge);
    return startSession(user);
  });

  app.post('/two-factor', async (request) => {
    const made = await call(`/v1/users/${userOf(request)}/factors`, { type: 'totp' });
    const { id, otpauthUri, qrCode } = accepted(made);
    return { factor: id, otpauthUri, qrCode };
  });

  app.post('/two-factor/confirm', texts('factor', 'code'), async ({ body: { factor, code }, headers }) => {
    const path = `/v1/users/${userOf({ headers })}/factors/${encodeURIComponent(factor)}/activate`;
    return accepted(await call(path, { code }));
  });

  // Events are news, for logs and mails: they come late and in any order, and decide nothing. The raw body is signed.
  app.register(async (hooks) => {
    hooks.addContentTypeParser('application/json', { parseAs: 'string' }, (_request, body, done) =>
      done(null, body),
    );
    hooks.post('/webhooks/countersign', async ({ body, headers }, reply) => {
      try {
        app.log.info(new Webhook(webhookSecret()).verify(body, headers), 'an event of Countersign');
      } catch {
        throw refuse(401, 'Not signed by Countersign');
      }
      return reply.status(204).send();
    });
  });
  return app;
}
