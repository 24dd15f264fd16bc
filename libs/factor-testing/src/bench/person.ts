import { Database, newId, publicId, SYSTEM_ORIGIN } from '@countersign/core';
import { UserStore } from '@countersign/directory';
import {
  ActivateFactor,
  type ActivateFactorResult,
  EnrolFactor,
  type EnrolFactorResult,
  FactorRegistry,
  FactorStore,
  type FactorView,
  type Subject,
} from '@countersign/factors';
import type { AnswerBody } from '../factor-contract.js';
import type { FactorBench } from './factor-bench.js';

// What stands for the session that begins an enrolment and ends it.
const BEGUN_BY = 'contract';

/** A user of the bench. */
export class Person {
  private constructor(
    private readonly bench: FactorBench,
    /** UUID. */
    readonly id: string,
    /** What the person calls the account: its e-mail address. */
    readonly account: string,
  ) {}

  /** Makes somebody new. */
  static async make(bench: FactorBench): Promise<Person> {
    const { container } = bench.engine;
    const id = newId(bench.clock);
    const account = `${id}@example.com`;
    const applicationId = bench.application.id;
    await container.get(UserStore).insertAccount(
      container.get(Database).direct,
      {
        id,
        applicationId,
        externalId: publicId('usr', id),
        email: account,
        displayName: null,
        locale: null,
        role: 'user',
        mustVerify: false,
        passwordHash: 'none: nobody logs in with it',
      },
      { type: 'user.created', applicationId, userId: id, origin: SYSTEM_ORIGIN, data: {} },
    );
    return new Person(bench, id, account);
  }

  /** The person as the engine sees them now. */
  async subject(): Promise<Subject> {
    const { container } = this.bench.engine;
    const users = container.get(UserStore);
    const securityEpoch = await container.get(Database).transaction((tx) => users.lock(tx, this.id));
    if (securityEpoch === undefined) throw new Error('The person is gone');
    const { application } = this.bench;
    return { application, userId: this.id, securityEpoch, account: this.account, locale: null };
  }

  /** Begins an enrolment of the tested type, or of another. */
  async enrol(
    fields: Readonly<Record<string, unknown>> = this.bench.contract.input ?? {},
    type: string = this.bench.engine.registered.options.type,
    by: 'user' | 'server' = 'user',
  ): Promise<EnrolFactorResult> {
    const { container } = this.bench.engine;
    const registered = container.get(FactorRegistry).find(type);
    if (registered === undefined) throw new Error(`There is no type “${type}”`);
    return container.get(EnrolFactor).run({
      whose: await this.subject(),
      registered,
      label: null,
      fields,
      by,
      begunBy: BEGUN_BY,
      origin: SYSTEM_ORIGIN,
    });
  }

  /** Answers a pending factor. */
  async activate(factorId: string, answer: AnswerBody): Promise<ActivateFactorResult> {
    return this.bench.engine.container.get(ActivateFactor).run({
      subject: await this.subject(),
      factorId,
      begunBy: BEGUN_BY,
      answer,
      origin: SYSTEM_ORIGIN,
    });
  }

  /** Gives the person another factor: active, and theirs whatever the tested one does. @returns its UUID */
  async giveStandIn(): Promise<string> {
    const enrolled = await this.enrol({}, 'contract_stand_in');
    if (enrolled.outcome !== 'enrolled')
      throw new Error(`The stand-in was not enrolled: ${enrolled.outcome}`);
    const activated = await this.activate(enrolled.factor.id, { standIn: true });
    if (activated.outcome !== 'activated')
      throw new Error(`The stand-in is not active: ${activated.outcome}`);
    return enrolled.factor.id;
  }

  /** The person's factors as lists show them, pending ones included. */
  async factors(): Promise<FactorView[]> {
    const { container } = this.bench.engine;
    const page = { userId: this.id, limit: 100, after: undefined };
    return container.get(FactorStore).list(container.get(Database).direct, page);
  }
}
