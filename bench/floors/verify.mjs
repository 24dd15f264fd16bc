// The floor of P1: bare Fastify, one Redis script, one prepared SELECT, AES-GCM, one HMAC, and one statement that
// commits watermark, counters and an event.
import Fastify from 'fastify';
import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createSecretKey,
  randomBytes,
  randomUUID,
  timingSafeEqual,
} from 'node:crypto';
import pg from 'pg';
import { countingRedis } from './redis.mjs';

const COUNT = Number(process.env.FLOOR_USERS ?? 120_000);
const key = createSecretKey(randomBytes(32));
const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 10 });
const redis = countingRedis();

await pool.query(`
  DROP TABLE IF EXISTS floor_events, floor_factors;
  CREATE TABLE floor_factors (
    user_id text PRIMARY KEY, secret bytea NOT NULL, watermark bigint, failures integer NOT NULL DEFAULT 0,
    last_used_at timestamptz);
  CREATE TABLE floor_events (
    id uuid PRIMARY KEY, at timestamptz NOT NULL, user_id text NOT NULL, type text NOT NULL, data jsonb NOT NULL)`);
await pool.query(
  `INSERT INTO floor_factors (user_id, secret) SELECT 'u' || n, $1 FROM generate_series(0, $2::int - 1) n`,
  [sealed(randomBytes(20)), COUNT],
);
await pool.query('ANALYZE floor_factors');

const READ = { name: 'read', text: 'SELECT secret, watermark FROM floor_factors WHERE user_id = $1' };
const SETTLE = {
  name: 'settle',
  text: `WITH factor AS (
           UPDATE floor_factors SET watermark = $2, failures = 0, last_used_at = $3 WHERE user_id = $1
            RETURNING user_id
         )
         INSERT INTO floor_events (id, at, user_id, type, data)
         SELECT $4, $3, user_id, 'challenge.verified', $5 FROM factor`,
};

const app = Fastify();
app.get('/ready', () => ({ ok: true }));
app.post('/verify/:user', async (request) => {
  const { user } = request.params;
  await redis.count(1, `floor:${user}`, 60_000);
  const { rows } = await pool.query({ ...READ, values: [user] });
  const secret = createSecretKey(opened(rows[0].secret));
  const step = Buffer.alloc(8);
  step.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000)));
  const mac = createHmac('sha1', secret).update(step).digest();
  timingSafeEqual(mac, mac);
  const now = new Date();
  await pool.query({
    ...SETTLE,
    values: [
      user,
      Math.floor(now.getTime() / 30_000),
      now,
      randomUUID(),
      JSON.stringify({ code: request.body.code.length }),
    ],
  });
  return { verified: true, user };
});
await app.listen({ port: Number(process.env.PORT), host: '127.0.0.1' });

function sealed(plain) {
  const nonce = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', key, nonce);
  return Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}

function opened(bytes) {
  const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, 12));
  decipher.setAuthTag(bytes.subarray(bytes.length - 16));
  return Buffer.concat([decipher.update(bytes.subarray(12, bytes.length - 16)), decipher.final()]);
}
