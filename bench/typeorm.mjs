// What one statement of the hot path costs as the stores run it (named, by pg, on the pool that TypeORM owns) and
// through TypeORM's repository, on a throwaway PostgreSQL of its own (ADR 5).
//
//   npm run build && node bench/typeorm.mjs
import 'reflect-metadata';
import { randomBytes, randomUUID } from 'node:crypto';
import { coreEntities, Database } from '../dist/libs/core/src/index.js';
import { startThrowawayPostgres } from '../dist/libs/core/src/embedded/throwaway-postgres.js';
import { devicesEntities } from '../dist/libs/devices/src/index.js';
import { directoryEntities } from '../dist/libs/directory/src/index.js';
import { migrations } from '../dist/migrations/index.js';
import { medianOf, rounds } from './lib/rounds.mjs';

const AMOUNT = { rounds: 21, calls: 200 };

const READ = `SELECT id, name, created_at AS "createdAt", last_used_at AS "lastUsedAt", expires_at AS "expiresAt", ip,
                     user_agent AS "userAgent", application_id AS "applicationId", user_id AS "userId", digest,
                     security_epoch AS "securityEpoch", password_failures AS "passwordFailures",
                     revoked_at AS "revokedAt"
                FROM devices WHERE id = $1`;
const INSERT = `INSERT INTO devices (id, application_id, user_id, security_epoch, digest, name, ip, user_agent,
                                     created_at, expires_at)
                VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`;
const WRITE = `UPDATE devices SET last_used_at = $2, password_failures = 0 WHERE id = $1`;

const postgres = await startThrowawayPostgres({ log: () => undefined });
try {
  await Database.migrate(postgres.url, migrations);
  const entities = [...coreEntities, ...directoryEntities, ...devicesEntities];
  const database = await Database.open({ url: postgres.url, poolMax: 4, prepared: true, entities });
  try {
    await compare(database);
  } finally {
    await database.close();
  }
} finally {
  await postgres.stop();
}

async function compare({ direct, dataSource }) {
  const [DeviceEntity] = devicesEntities;
  const devices = dataSource.getRepository(DeviceEntity);
  const owner = await anOwner(direct.manager);
  const { id } = await devices.save(aDevice(owner));
  const device = await devices.findOneByOrFail({ id });
  const read = { name: 'bench-read', text: READ };
  const write = { name: 'bench-write', text: WRITE };
  const insert = { name: 'bench-insert', text: INSERT };

  await measured('Read one row by its key, every column', {
    'named statement': () => direct.query(read, [id]),
    'the same, unnamed': () => direct.manager.query(READ, [id]),
    'repository.findOneBy': () => devices.findOneBy({ id }),
  });
  await measured('Change two columns of one row', {
    'named statement': () => direct.query(write, [id, new Date()]),
    'repository.update': () => devices.update({ id }, { lastUsedAt: new Date(), passwordFailures: 0 }),
    'repository.save': () =>
      devices.save(Object.assign(device, { lastUsedAt: new Date(), passwordFailures: 0 })),
  });
  await measured('Write one row', {
    'named statement': () => direct.query(insert, values(aDevice(owner))),
    'repository.insert': () => devices.insert(aDevice(owner)),
    'repository.save': () => devices.save(aDevice(owner)),
  });
}

async function measured(title, subjects) {
  const costs = await rounds(subjects, AMOUNT);
  console.log(`\n${title}, in microseconds (median of ${AMOUNT.rounds} rounds of ${AMOUNT.calls})`);
  console.log(`  ${''.padEnd(24)}    elapsed   our CPU`);
  for (const [name, { elapsed, cpu }] of Object.entries(costs)) {
    console.log(`  ${name.padEnd(24)}${column(elapsed)}${column(cpu)}`);
  }
}

function column(numbers) {
  return medianOf(numbers).toFixed(0).padStart(11);
}

async function anOwner(manager) {
  const now = new Date();
  const owner = { applicationId: randomUUID(), userId: randomUUID() };
  await manager.query(
    `INSERT INTO applications (id, slug, name, issuer, created_at, updated_at) VALUES ($1, 'bench', '', '', $2, $2)`,
    [owner.applicationId, now],
  );
  await manager.query(
    `INSERT INTO users (id, application_id, external_id, created_at, updated_at) VALUES ($1, $2, 'bench', $3, $3)`,
    [owner.userId, owner.applicationId, now],
  );
  return owner;
}

function aDevice(owner) {
  const now = new Date();
  return {
    id: randomUUID(),
    ...owner,
    securityEpoch: 1,
    digest: randomBytes(32),
    name: 'Laptop',
    ip: '192.0.2.7',
    userAgent: 'Mozilla/5.0 (X11; Linux x86_64)',
    passwordFailures: 0,
    createdAt: now,
    lastUsedAt: null,
    expiresAt: new Date(now.getTime() + 30 * 86_400_000),
    revokedAt: null,
  };
}

function values(device) {
  const { id, applicationId, userId, securityEpoch, digest, name, ip, userAgent, createdAt, expiresAt } =
    device;
  return [id, applicationId, userId, securityEpoch, digest, name, ip, userAgent, createdAt, expiresAt];
}
