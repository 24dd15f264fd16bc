// The floor of P5: bare Fastify, a token that was checked once and is remembered, one Redis script and one prepared
// SELECT of a session with its user.
import Fastify from 'fastify';
import { createHash } from 'node:crypto';
import pg from 'pg';
import { countingRedis } from './redis.mjs';

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 10 });
const redis = countingRedis();
const remembered = new Map();
const READ = {
  name: 'read',
  text: `SELECT session.id, session.auth_time, users.id AS "userId", users.email, users.display_name
           FROM sessions AS session
           JOIN users ON users.id = session.user_id
          WHERE session.id = $1 AND session.revoked_at IS NULL AND session.expires_at > $2`,
};

const app = Fastify();
app.get('/ready', () => ({ ok: true }));
app.get('/me', async (request) => {
  const token = request.headers.authorization.slice(7);
  const name = createHash('sha256').update(token).digest('base64url');
  let session = remembered.get(name);
  if (session === undefined) {
    const { sid } = JSON.parse(Buffer.from(token.split('.')[1], 'base64url').toString('utf8'));
    session = await idOf(sid);
    remembered.set(name, session);
  }
  await redis.count(1, `floor:${session}`, 60_000);
  const { rows } = await pool.query({ ...READ, values: [session, new Date()] });
  return rows[0];
});
await app.listen({ port: Number(process.env.PORT), host: '127.0.0.1' });

async function idOf(publicId) {
  const { parsePublicId } = await import('../../dist/libs/core/src/index.js');
  return parsePublicId('ses', publicId);
}
