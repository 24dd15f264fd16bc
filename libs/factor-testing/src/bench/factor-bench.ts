import type { INestApplicationContext } from '@nestjs/common';
import { randomBytes } from 'node:crypto';
import { Database, TestClock } from '@countersign/core';
import { type Application, Applications, ApplicationStore } from '@countersign/directory';
import { factorProviderOptions } from '@countersign/factor-kit';
import { FactorRegistry, type RegisteredFactor } from '@countersign/factors';
import type { FactorContract } from '../factor-contract.js';
import { CapturedLog } from './captured-log.js';
import { type ContractDatabase, contractDatabase } from './contract-database.js';
import { type EngineSite, startEngine } from './engine.js';
import { type Observed, observe } from './observed-provider.js';

/** One running engine. */
export interface Engine {
  readonly container: INestApplicationContext;
  readonly registered: RegisteredFactor;
  readonly observed: Observed;
}

interface BenchParts {
  readonly contract: FactorContract;
  readonly engine: Engine;
  readonly application: Application;
  readonly site: EngineSite;
  readonly home: ContractDatabase;
}

/**
 * The real engine around one provider, on a database of its own, with an in-process ephemeral store and a clock that
 * rules move. Rules share it and each brings its own people.
 */
export class FactorBench {
  readonly #others: Engine[] = [];

  readonly contract: FactorContract;
  readonly engine: Engine;
  readonly application: Application;
  readonly clock: TestClock;
  readonly log: CapturedLog;
  readonly #masterKey: string;
  readonly #home: ContractDatabase;

  private constructor({ contract, engine, application, site, home }: BenchParts) {
    this.contract = contract;
    this.engine = engine;
    this.application = application;
    this.clock = site.clock;
    this.log = site.log;
    this.#masterKey = site.masterKey;
    this.#home = home;
  }

  /** @throws FactorRegistryError where the engine refuses the provider, Error where no PostgreSQL is named */
  static async open(contract: FactorContract): Promise<FactorBench> {
    const home = await contractDatabase(contract.databaseUrl);
    const site: EngineSite = {
      databaseUrl: home.url,
      masterKey: randomBytes(32).toString('base64'),
      clock: new TestClock(),
      log: new CapturedLog(),
    };
    try {
      const engine = await engineOf(contract, site);
      const application = await defaultApplication(engine.container);
      return new FactorBench({ contract, engine, application, site, home });
    } catch (error) {
      await home.drop();
      throw error;
    }
  }

  /** Stops the engines and drops the database. */
  async close(): Promise<void> {
    for (const { container } of [this.engine, ...this.#others]) await container.close();
    await this.#home.drop();
  }

  /** Starts another instance on the same database: another machine behind the same balancer. */
  async anotherInstance(): Promise<Engine> {
    const engine = await engineOf(this.contract, {
      databaseUrl: this.#home.url,
      masterKey: this.#masterKey,
      clock: this.clock,
      log: this.log,
    });
    this.#others.push(engine);
    return engine;
  }
}

async function engineOf(contract: FactorContract, site: Parameters<typeof startEngine>[1]): Promise<Engine> {
  const container = await startEngine(contract, site);
  const type = factorProviderOptions(contract.provider)?.type;
  const registered = type === undefined ? undefined : container.get(FactorRegistry).find(type);
  if (registered === undefined) {
    await container.close();
    throw new Error(`${contract.provider.name} is not decorated with @FactorProvider`);
  }
  return { container, registered, observed: observe(registered.provider) };
}

async function defaultApplication(container: INestApplicationContext): Promise<Application> {
  await container.get(ApplicationStore).ensureDefault(container.get(Database).direct);
  const application = await container.get(Applications).bySlug();
  if (application === undefined) throw new Error('The default application was not made');
  return application;
}
