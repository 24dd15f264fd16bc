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

const COUNT = 120_000;
/** Everybody's, as in lib/seed.mjs. */
const SECRET = '12345678901234567890';
const STEP_MS = 30_000;
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
  [sealed(Buffer.from(SECRET)), COUNT],
);
await pool.query('ANALYZE floor_factors');

const READ = { name: 'read', text: 'SELECT secret FROM floor_factors WHERE user_id = $1' };
const SETTLE = {
  name: 'settle',
  text: `WITH factor AS (
           UPDATE floor_factors SET watermark = $2, failures = 0, last_used_at = $3
            WHERE user_id = $1 AND (watermark IS NULL OR watermark < $2)
           RETURNING user_id
         )
         INSERT INTO floor_events (id, at, user_id, type, data)
         SELECT $4, $3, user_id, 'challenge.verified', '{"purpose":"action","factorType":"totp"}' FROM factor`,
};

const app = Fastify();
app.get('/ready', () => ({ ok: true }));
app.post('/verify/:user', async (request, reply) => {
  const { user } = request.params;
  await redis.count(1, `floor:${user}`, 60_000);
  const { rows } = await pool.query({ ...READ, values: [user] });
  const now = new Date();
  const secret = createSecretKey(opened(rows[0].secret));
  const present = Math.floor(now.getTime() / STEP_MS);
  const code = Buffer.from(request.body.code);
  // The second HMAC is for a code that was sent just before its step ended.
  const step = [present, present - 1].find((at) => timingSafeEqual(code, Buffer.from(codeOf(secret, at))));
  if (step === undefined) return reply.code(422).send({ user });
  await pool.query({ ...SETTLE, values: [user, step, now, randomUUID()] });
  return { verified: true, user };
});
await app.listen({ port: Number(process.env.PORT), host: '127.0.0.1' });

function codeOf(secret, step) {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(step));
  const mac = createHmac('sha1', secret).update(counter).digest();
  return String((mac.readUInt32BE(mac[19] & 0xf) & 0x7fffffff) % 1_000_000).padStart(6, '0');
}

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
