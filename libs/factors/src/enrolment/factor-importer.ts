import { Injectable } from '@nestjs/common';
import { Database } from '@countersign/core';
import { FactorStore, type FactorView, type NewFactor } from '../factor.store.js';
import { FactorIdentities } from '../identities/factor-identities.js';
import { Activator } from './activator.js';
import type { EnrolmentToWrite } from './enrolment-writer.js';
import { FactorMaker } from './factor-maker.js';

/** A factor that its user has already, and whether recovery factors come with a first one. */
export interface FactorImport extends EnrolmentToWrite {
  readonly withRecovery: boolean;
}

/** How an import ended. */
export type Imported =
  | {
      readonly outcome: 'enrolled';
      readonly factor: FactorView;
      readonly show: Readonly<Record<string, unknown>>;
    }
  /** The user has an active factor with this very secret. */
  | { readonly outcome: 'already-there'; readonly factorId: string }
  /** Another factor of the application has its identity. */
  | { readonly outcome: 'taken' }
  | { readonly outcome: 'user-changed' };

/** Writes factors that are active at once, because a server says that their users have them already. */
@Injectable()
export class FactorImporter {
  constructor(
    private readonly maker: FactorMaker,
    private readonly activator: Activator,
    private readonly factors: FactorStore,
    private readonly identities: FactorIdentities,
    private readonly database: Database,
  ) {}

  async run({ subject, made, origin, withRecovery }: FactorImport): Promise<Imported> {
    const { pending: _pending, ...factor } = made.factor;
    const active = await this.factors.active(this.database.direct, subject.userId);
    const twin = await this.#twin(factor, active);
    if (twin !== undefined) return { outcome: 'already-there', factorId: twin.id };
    const recovery = withRecovery && active.length === 0 ? await this.maker.makeRecovery(subject) : [];
    const identity = await this.identities.digest(factor);
    const activated = await this.activator.runNew({
      subject,
      factor: { ...factor, identity },
      madeWith: made.events,
      recovery,
      origin,
    });
    return activated.activated
      ? { outcome: 'enrolled', factor: activated.factor, show: { ...made.show, ...activated.show } }
      : { outcome: activated.why === 'taken' ? 'taken' : 'user-changed' };
  }

  /** Whether the user has a factor with this very secret: an active one, or one of those that would come before. */
  async isThere(factor: NewFactor, before: readonly NewFactor[]): Promise<boolean> {
    if ((await this.#first(factor, before)) !== undefined) return true;
    const active = await this.factors.active(this.database.direct, factor.userId);
    return (await this.#twin(factor, active)) !== undefined;
  }

  async #twin(factor: NewFactor, active: readonly FactorView[]): Promise<{ id: string } | undefined> {
    const alike = active.filter(({ type }) => type === factor.type).map(({ id }) => id);
    const held = await this.factors.secrets(this.database.direct, alike);
    return this.#first(factor, held);
  }

  async #first<S extends Pick<NewFactor, 'type' | 'secret'>>(
    factor: NewFactor,
    others: readonly S[],
  ): Promise<S | undefined> {
    for (const other of others) if (await this.identities.areOne(factor, other)) return other;
    return undefined;
  }
}
