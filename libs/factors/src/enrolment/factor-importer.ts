import { Injectable } from '@nestjs/common';
import { Database } from '@countersign/core';
import { FactorStore, type FactorView, type NewFactor } from '../factor.store.js';
import { Activator } from './activator.js';
import type { EnrolmentToWrite } from './enrolment-writer.js';
import { FactorMaker } from './factor-maker.js';
import { Twins } from './twins.js';

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
  | { readonly outcome: 'user-changed' };

/** Writes factors that are active at once, because a server says that their users have them already. */
@Injectable()
export class FactorImporter {
  constructor(
    private readonly maker: FactorMaker,
    private readonly activator: Activator,
    private readonly factors: FactorStore,
    private readonly twins: Twins,
    private readonly database: Database,
  ) {}

  async run({ subject, made, origin, withRecovery }: FactorImport): Promise<Imported> {
    const { pending: _pending, ...factor } = made.factor;
    const active = await this.factors.active(this.database.direct, subject.userId);
    const twin = await this.#twin(factor, active);
    if (twin !== undefined) return { outcome: 'already-there', factorId: twin.id };
    const recovery = withRecovery && active.length === 0 ? await this.maker.makeRecovery(subject) : [];
    const activated = await this.activator.runNew({ subject, factor, recovery, origin });
    return activated.activated
      ? { outcome: 'enrolled', factor: activated.factor, show: { ...made.show, ...activated.show } }
      : { outcome: 'user-changed' };
  }

  /** Whether the user has a factor with this very secret: an active one, or one of those that would come before. */
  async isThere(factor: NewFactor, before: readonly NewFactor[]): Promise<boolean> {
    if (before.some((other) => this.twins.are(factor, other))) return true;
    const active = await this.factors.active(this.database.direct, factor.userId);
    return (await this.#twin(factor, active)) !== undefined;
  }

  async #twin(factor: NewFactor, active: readonly FactorView[]): Promise<{ id: string } | undefined> {
    const alike = active.filter(({ type }) => type === factor.type).map(({ id }) => id);
    const held = await this.factors.secrets(this.database.direct, alike);
    return held.find((other) => this.twins.are(factor, other));
  }
}
