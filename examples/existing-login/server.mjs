// A backend with a login of its own, and a second factor from Countersign. Its users stay where they are.
import Fastify from 'fastify';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import { randomBytes, scryptSync, timingSafeEqual } from 'node:crypto';
import { DatabaseSync } from 'node:sqlite';
import { Webhook } from 'standardwebhooks';

/** @param {{ countersign: string, apiKey: string, webhookSecret: () => string | undefined, file?: string }} settings */
export function createServer({ countersign, apiKey, webhookSecret, file = ':memory:' }) {
  const db = new DatabaseSync(file);
  db.exec(`CREATE TABLE IF NOT EXISTS users (
             id TEXT PRIMARY KEY, email TEXT UNIQUE NOT NULL, salt BLOB NOT NULL, hash BLOB NOT NULL,
             two_factor INTEGER NOT NULL DEFAULT 0);
           CREATE TABLE IF NOT EXISTS sessions (token TEXT PRIMARY KEY, user_id TEXT NOT NULL);
           CREATE TABLE IF NOT EXISTS pending_logins (challenge TEXT PRIMARY KEY, user_id TEXT NOT NULL)`);
  const keys = createRemoteJWKSet(new URL(`${countersign}/.well-known/jwks.json`));
  const app = Fastify();

  async function call(path, body) {
    const headers = { 'x-api-key': apiKey, 'content-type': 'application/json' };
    const response = await fetch(`${countersign}${path}`, {
      method: 'POST',
      headers,
      body: JSON.stringify(body),
    });
    const answer = await response.json();
    // A rejected answer is never a 2xx, so that looking at the status is enough.
    if (!response.ok) throw Object.assign(new Error(answer.title), { statusCode: response.status, answer });
    return answer;
  }

  const hashOf = (password, salt) => scryptSync(password, salt, 32);
  const startSession = (userId) => {
    const token = randomBytes(32).toString('base64url');
    db.prepare('INSERT INTO sessions VALUES (?, ?)').run(token, userId);
    return { status: 'logged_in', session: token };
  };
  const userOf = ({ headers }) => {
    const token = headers.authorization?.replace('Bearer ', '') ?? '';
    const session = db.prepare('SELECT user_id FROM sessions WHERE token = ?').get(token);
    if (session === undefined) throw Object.assign(new Error('Log in first'), { statusCode: 401 });
    return session.user_id;
  };

  app.post('/register', async ({ body: { email, password } }) => {
    const [id, salt] = [randomBytes(9).toString('base64url'), randomBytes(16)];
    db.prepare('INSERT INTO users (id, email, salt, hash) VALUES (?, ?, ?, ?)').run(
      id,
      email,
      salt,
      hashOf(password, salt),
    );
    return startSession(id);
  });

  // The login as it always was, and one question more: has this user a second factor?
  app.post('/login', async (request) => {
    const { email, password } = request.body;
    const user = db.prepare('SELECT * FROM users WHERE email = ?').get(email);
    if (user === undefined || !timingSafeEqual(hashOf(password, user.salt), user.hash)) {
      throw Object.assign(new Error('Wrong'), { statusCode: 401 });
    }
    if (!user.two_factor) return startSession(user.id);
    const context = { ip: request.ip, userAgent: request.headers['user-agent'] ?? '' };
    const challenge = await call('/v1/challenges', { user: user.id, context });
    db.prepare('INSERT INTO pending_logins VALUES (?, ?)').run(challenge.id, user.id);
    return { status: 'code_needed', challenge: challenge.id, factors: challenge.factors };
  });

  // The challenge is for the very user who passed the first step: nobody else's code opens this session.
  app.post('/login/code', async ({ body: { challenge, code } }) => {
    const pending = db.prepare('SELECT user_id FROM pending_logins WHERE challenge = ?').get(challenge);
    if (pending === undefined) throw Object.assign(new Error('Log in first'), { statusCode: 401 });
    const { assertion } = await call(`/v1/challenges/${challenge}/verify`, { user: pending.user_id, code });
    const checks = {
      audience: 'default',
      subject: pending.user_id,
      typ: '2fa-assertion+jwt',
      algorithms: ['ES256'],
    };
    const { payload } = await jwtVerify(assertion, keys, checks);
    if (payload.action !== 'login') throw new Error('A proof of something else');
    db.prepare('DELETE FROM pending_logins WHERE challenge = ?').run(challenge);
    return startSession(pending.user_id);
  });

  app.post('/two-factor', async (request) => {
    const { id, otpauthUri, qrCode } = await call(`/v1/users/${userOf(request)}/factors`, { type: 'totp' });
    return { factor: id, otpauthUri, qrCode };
  });

  app.post('/two-factor/confirm', async (request) => {
    const { factor, code } = request.body;
    return call(`/v1/users/${userOf(request)}/factors/${factor}/activate`, { code });
  });

  // What Countersign tells: whether a user has a second factor is known here without asking at each login. The raw body
  // is what was signed.
  app.register(async (hooks) => {
    hooks.addContentTypeParser('application/json', { parseAs: 'string' }, (_request, body, done) =>
      done(null, body),
    );
    hooks.post('/webhooks/countersign', async ({ body, headers }, reply) => {
      const { type, data } = new Webhook(webhookSecret()).verify(body, headers);
      const on = { 'two_factor.enabled': 1, 'two_factor.disabled': 0 }[type];
      if (on !== undefined)
        db.prepare('UPDATE users SET two_factor = ? WHERE id = ?').run(on, data.user.externalId);
      return reply.status(204).send();
    });
  });
  return app;
}
