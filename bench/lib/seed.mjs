import { hash } from '@node-rs/argon2';
import { createHmac, createSecretKey, randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { coreEntities, Database, newId, Secret, SystemClock } from '../../dist/libs/core/src/index.js';
import { openSealer } from '../../dist/libs/core/src/keys/keyring.js';

/** Everybody's authenticator app holds the same secret: what it costs to check does not depend on it. */
const BYTES = Buffer.from('12345678901234567890');
const APP = createSecretKey(BYTES);
const BASE32 = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ';
const STEP_MS = 30_000;

/** The password of every account that is seeded. */
export const PASSWORD = 'nine purple otters juggling';

/** The code of everybody's authenticator app, so many steps from now (RFC 6238). */
export function totp(stepsLater = 0) {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / STEP_MS) + stepsLater));
  const mac = createHmac('sha1', APP).update(counter).digest();
  const offset = mac[19] & 0xf;
  return String((mac.readUInt32BE(offset) & 0x7fffffff) % 1_000_000).padStart(6, '0');
}

/** Waits until a step of the authenticator apps has just begun, so that a measurement fits into it. */
export async function stepBegun(most = STEP_MS) {
  const left = STEP_MS - (Date.now() % STEP_MS);
  if (left < most) await new Promise((resolve) => setTimeout(resolve, left + 50));
}

/**
 * Writes users of the default application past the service, by COPY, sealed as the service seals. Their names are
 * `prefix` and a number; those with accounts log in with `prefix` and the number at `bench.example.com`.
 *
 * @param {{ databaseUrl: string, masterKey: string }} where a database that a service was started on once
 * @param {{ prefix: string, count: number, accounts?: boolean, factors?: boolean }} what
 */
export async function seedUsers(
  { databaseUrl, masterKey },
  { prefix, count, accounts = false, factors = true },
) {
  const clock = new SystemClock();
  const database = await Database.open({
    url: databaseUrl,
    poolMax: 2,
    prepared: true,
    entities: coreEntities,
  });
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const sealer = await openSealer(database, [new Secret(masterKey)], clock);
    const { rows } = await client.query(`SELECT id FROM applications WHERE slug = 'default'`);
    const application = rows[0].id;
    const passwordHash = accounts
      ? await hash(PASSWORD, { memoryCost: 19_456, timeCost: 2, parallelism: 1 })
      : '\\N';
    const ids = Array.from({ length: count }, () => newId(clock));
    await copy(
      client,
      `COPY users (id, application_id, external_id, email, email_verified_at, password_hash, created_at, updated_at)
       FROM STDIN`,
      ids,
      (id, at) => {
        const email = accounts ? `${prefix}${at}@bench.example.com` : '\\N';
        return [
          id,
          application,
          `${prefix}${at}`,
          email,
          accounts ? 'now' : '\\N',
          passwordHash,
          'now',
          'now',
        ];
      },
    );
    if (!factors) return;
    await copy(
      client,
      `COPY factors (id, application_id, user_id, type, status, is_default, hint, secret, security_epoch, created_at,
                     activated_at)
       FROM STDIN`,
      ids,
      (user) => {
        const id = newId(clock);
        const secret = { secret: BASE32, algorithm: 'SHA1', digits: 6, period: 30, issuer: 'Bench' };
        const sealed = sealer.sealJson(secret, { table: 'factors', row: id, field: 'secret' });
        const bytes = `\\\\x${sealed.toString('hex')}`;
        return [id, application, user, 'totp', 'active', 't', 'Bench', bytes, '1', 'now', 'now'];
      },
    );
    await client.query('ANALYZE users, factors');
  } finally {
    await client.end();
    await database.close();
  }
}

/**
 * Gives each user so many events of the year before, in the order of their time. PostgreSQL makes them itself: copied
 * in, they would take the same rows and twice the time.
 */
export async function seedEvents(databaseUrl, { each, tell }) {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    await partitionsOfTheYear(client);
    for (let nth = 0; nth < each; nth += 1) {
      tell(`events ${nth + 1} of ${each} for each user`);
      await client.query(
        `INSERT INTO events (id, at, application_id, type, user_id, actor_type, ip, user_agent, request_id, data)
         SELECT uuidv7(at - now()), at, application_id, 'challenge.verified', id, 'user', '192.0.2.7',
                'Mozilla/5.0 (X11; Linux x86_64)', id::text, '{"purpose":"login","factorType":"totp"}'
           FROM (SELECT id, application_id,
                        now() - interval '360 days' + ($1 + random()) * interval '359 days' / $2 AS at
                   FROM users) AS users`,
        [nth, each],
      );
    }
    // A service that ran all the year has handed them on.
    await client.query(
      `UPDATE relay_positions SET tx = (SELECT max(tx) FROM events), event_id = 'ffffffff-ffff-ffff-ffff-ffffffffffff'`,
    );
    tell('vacuum and statistics');
    await client.query('VACUUM (ANALYZE) events');
    await client.query('VACUUM (ANALYZE) users');
    await client.query('VACUUM (ANALYZE) factors');
    await client.query('CHECKPOINT');
  } finally {
    await client.end();
  }
}

/** The partitions of months that a service which ran for a year would have. */
async function partitionsOfTheYear(client) {
  const now = new Date();
  for (let back = 12; back > 0; back -= 1) {
    const month = (offset) =>
      new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - back + offset)).toISOString();
    const name = `events_${month(0).slice(0, 7).replace('-', '_')}`;
    await client.query(
      `CREATE TABLE IF NOT EXISTS ${name} PARTITION OF events FOR VALUES FROM ('${month(0)}') TO ('${month(1)}')`,
    );
  }
}

async function copy(client, statement, items, row) {
  const stream = client.query(copyFrom(statement));
  await pipeline(
    Readable.from(
      (function* lines() {
        for (let from = 0; from < items.length; from += 500) {
          yield items
            .slice(from, from + 500)
            .map((item, at) => `${row(item, from + at).join('\t')}\n`)
            .join('');
        }
      })(),
    ),
    stream,
  );
}

/** A text that nobody else uses. */
export function unique() {
  return randomBytes(6).toString('hex');
}
