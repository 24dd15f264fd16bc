import { type INestApplicationContext, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  coreEntities,
  CoreModule,
  coreSection,
  type ConfigSection,
  loadConfig,
  type TestClock,
} from '@countersign/core';
import { deliveryEntities, DeliveryModule, deliverySection } from '@countersign/delivery';
import { devicesEntities, DevicesModule, devicesSection } from '@countersign/devices';
import { directoryEntities, DirectoryModule } from '@countersign/directory';
import { factorsEntities, FactorsModule, factorsSection } from '@countersign/factors';
import type { FactorContract } from '../factor-contract.js';
import type { CapturedLog } from './captured-log.js';
import { StandInFactor } from './stand-in.factor.js';

/** Answers that the bench's engine lets one user give in 15 minutes. */
export const ANSWERS_PER_USER = 20;

// Rules send many codes to one address and use few of them, and many users enrol what a provider may send.
const UNCAPPED_SENDS = {
  RATE_LIMIT_SEND: 'off',
  RATE_LIMIT_SMS_NUMBER: 'off',
  RATE_LIMIT_EMAIL_RECIPIENT: 'off',
  SMS_DAILY_LIMIT: '1000000',
  EMAIL_DAILY_LIMIT: '1000000',
  SMS_MIN_CONVERSION: '0',
};

/** Where one engine runs. */
export interface EngineSite {
  readonly databaseUrl: string;
  /** Base64 of 32 bytes. */
  readonly masterKey: string;
  readonly clock: TestClock;
  readonly log: CapturedLog;
}

/**
 * Starts the real engine with the provider in it: its own container and in-process ephemeral store, without HTTP.
 * @throws FactorRegistryError where the engine refuses the provider
 */
export async function startEngine(
  contract: FactorContract,
  { databaseUrl, masterKey, clock, log }: EngineSite,
): Promise<INestApplicationContext> {
  const env = {
    NODE_ENV: 'test',
    // No work in the background: a notice to the owner must not come between a rule and the code it waits for.
    ROLE: 'api',
    DATABASE_URL: databaseUrl,
    MASTER_KEY: masterKey,
    RATE_LIMIT_VERIFY: `${ANSWERS_PER_USER}/15m`,
    ...UNCAPPED_SENDS,
  };
  const sections = [
    coreSection,
    devicesSection,
    deliverySection,
    factorsSection,
  ] as unknown as readonly ConfigSection[];
  const config = loadConfig(env, sections);
  const entities = [
    ...coreEntities,
    ...directoryEntities,
    ...devicesEntities,
    ...deliveryEntities,
    ...factorsEntities,
  ];

  @Module({
    imports: [
      CoreModule.forRoot({ config, databaseUrl, entities, clock }),
      DirectoryModule,
      DevicesModule,
      DeliveryModule,
      FactorsModule,
      ...(contract.imports ?? []),
    ],
    providers: [contract.provider, StandInFactor, ...(contract.providers ?? [])],
  })
  class ContractModule {}

  return NestFactory.createApplicationContext(ContractModule, { logger: log, abortOnError: false });
}
