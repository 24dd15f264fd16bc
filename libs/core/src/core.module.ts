import { type DynamicModule, Global, Module } from '@nestjs/common';
import { ConfigModule, getConfigToken, registerAs } from '@nestjs/config';
import { ScheduleModule } from '@nestjs/schedule';
import { Clock } from './clock/clock.js';
import type { LoadedConfig } from './config/load-config.js';
import type { CoreConfig } from './core.config.js';
import { CoreLifecycle } from './core.lifecycle.js';
import { Sealer } from './crypto/sealer.js';
import { Secret } from './crypto/secret-text.js';
import { Database } from './database/database.js';
import { NO_LIMITS, REQUEST_LIMITS } from './database/time-limits.js';
import { MonthlyPartitions } from './database/monthly-partitions.js';
import { EphemeralStore } from './ephemeral/ephemeral-store.js';
import { openEphemeralStore } from './ephemeral/open-ephemeral-store.js';
import { AuditLog } from './events/audit-log.js';
import { ErasureEntity } from './events/erasure.entity.js';
import { ErasureWorker } from './events/erasure-worker.js';
import { Erasures } from './events/erasures.js';
import { EventLog } from './events/event-log.js';
import { EventRelay } from './events/event-relay.js';
import { RelayPositionEntity } from './events/relay-position.entity.js';
import { RelayStore } from './events/relay.store.js';
import { AfterRestore } from './restore/after-restore.use-case.js';
import { DatabaseOriginEntity } from './restore/database-origin.entity.js';
import { DatabaseOriginStore } from './restore/database-origin.store.js';
import { RestoreSteps } from './restore/restore-steps.js';
import { RestoreWatch } from './restore/restore-watch.js';
import { Jobs } from './jobs/jobs.js';
import { RestoredJobs } from './jobs/restored-jobs.js';
import { PgBossJobs } from './jobs/pg-boss.jobs.js';
import { DataKeyEntity } from './keys/data-key.entity.js';
import { EventEntity } from './events/event.entity.js';
import { developmentMasterKey } from './keys/master-key.js';
import { openSealer } from './keys/keyring.js';
import { openSigningKeys } from './keys/open-signing-keys.js';
import { RotateSigningKey } from './keys/rotate-signing-key.use-case.js';
import { SigningKeyStore } from './keys/signing-key.store.js';
import { SigningKeyWatch } from './keys/signing-key-watch.js';
import { SigningKeys } from './keys/signing-keys.js';
import { SigningKeyEntity } from './keys/signing-key.entity.js';

/** Core's own tables. */
export const coreEntities = [
  DataKeyEntity,
  SigningKeyEntity,
  EventEntity,
  RelayPositionEntity,
  ErasureEntity,
  DatabaseOriginEntity,
];

/** What the ground floor is built on. */
export interface CoreModuleOptions {
  readonly config: LoadedConfig;
  /** Where PostgreSQL is; already migrated. */
  readonly databaseUrl: string;
  /** Every table of every library. */
  readonly entities: readonly (new () => object)[];
  readonly clock: Clock;
}

/** The ground floor: configuration, clock, database, ephemeral store, sealing, keys and the event log. */
@Global()
@Module({})
export class CoreModule {
  /** Builds the module; nothing is connected before Nest asks for it. */
  static forRoot({ config, databaseUrl, entities, clock }: CoreModuleOptions): DynamicModule {
    const works = (config.slices['core'] as CoreConfig).role !== 'api';
    return {
      module: CoreModule,
      imports: [
        ScheduleModule.forRoot({ cronJobs: works, intervals: works, timeouts: works }),
        ConfigModule.forRoot({
          isGlobal: true,
          ignoreEnvFile: true,
          ignoreEnvVars: true,
          load: Object.entries(config.slices).map(([name, slice]) => registerAs(name, () => slice)),
        }),
      ],
      providers: [
        { provide: Clock, useValue: clock },
        {
          provide: Database,
          inject: [getConfigToken('core')],
          useFactory: (core: CoreConfig) =>
            Database.open({
              url: databaseUrl,
              poolMax: core.databasePoolMax,
              prepared: core.databasePrepared,
              entities,
              limits: core.databaseTimeLimits ? REQUEST_LIMITS : NO_LIMITS,
            }),
        },
        {
          provide: EphemeralStore,
          inject: [getConfigToken('core'), Clock],
          useFactory: (core: CoreConfig, clock: Clock) => openEphemeralStore(core, clock),
        },
        {
          provide: Sealer,
          inject: [getConfigToken('core'), Database, Clock],
          useFactory: (core: CoreConfig, database: Database, clock: Clock) =>
            openSealer(database, core.masterKeys ?? [new Secret(developmentMasterKey(core.dataDir))], clock),
        },
        {
          provide: SigningKeys,
          inject: [Database, SigningKeyStore],
          useFactory: openSigningKeys,
        },
        SigningKeyStore,
        SigningKeyWatch,
        RotateSigningKey,
        EventLog,
        AuditLog,
        Erasures,
        ErasureWorker,
        MonthlyPartitions,
        RelayStore,
        DatabaseOriginStore,
        RestoreWatch,
        RestoreSteps,
        AfterRestore,
        EventRelay,
        { provide: Jobs, useClass: PgBossJobs },
        RestoredJobs,
        CoreLifecycle,
      ],
      exports: [
        MonthlyPartitions,
        Clock,
        Database,
        EphemeralStore,
        Sealer,
        SigningKeys,
        RotateSigningKey,
        EventLog,
        AuditLog,
        Erasures,
        EventRelay,
        Jobs,
        RestoreWatch,
        RestoreSteps,
        AfterRestore,
      ],
    };
  }
}
