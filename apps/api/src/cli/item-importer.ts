import type { INestApplicationContext } from '@nestjs/common';
import { Database, Problem, publicId, SYSTEM_ORIGIN } from '@countersign/core';
import { type Application, UserStore } from '@countersign/directory';
import {
  EnrolFactor,
  type EnrolFactorResult,
  type NewFactor,
  type RegisteredFactor,
  RehearseImport,
  type RehearsedImport,
  type Subject,
} from '@countersign/factors';
import type { ExportedTotp } from './exported-entry.js';
import type { ImportItem } from './import-list.js';

/** What became of one entry, or what would. */
export interface ItemOutcome {
  readonly done: boolean;
  /** The rest of the sentence after the entry's place. It quotes nothing of the list. */
  readonly more: string;
}

interface ImportTarget {
  readonly application: Application;
  readonly registered: RegisteredFactor;
  readonly dryRun: boolean;
}

/** Imports the entries of one list, or finds out what importing them would come to. */
export class ItemImporter {
  /** What a dry run would have imported, by user. */
  readonly #rehearsed = new Map<string, NewFactor[]>();
  /** Where each secret stands first, and whose it is. */
  readonly #secrets = new Map<string, { readonly place: string; readonly userId: string }>();

  constructor(
    private readonly engine: INestApplicationContext,
    private readonly target: ImportTarget,
  ) {}

  async run({ user, entry, place }: ImportItem): Promise<ItemOutcome> {
    if (entry.kind === 'unusable') return { done: false, more: `: it ${entry.why}` };
    const subject = await this.#subject(user);
    if (subject === undefined) return { done: false, more: ': there is no such active user' };
    const outcome = await this.#attempt(subject, entry);
    return outcome.done ? { done: true, more: outcome.more + this.#shared(subject, entry, place) } : outcome;
  }

  async #attempt(subject: Subject, entry: ExportedTotp): Promise<ItemOutcome> {
    try {
      return await (this.target.dryRun ? this.#rehearse(subject, entry) : this.#import(subject, entry));
    } catch (error) {
      if (error instanceof Problem && error.code === 'unavailable') {
        return { done: false, more: ': its provider refuses it' };
      }
      throw error;
    }
  }

  async #import(subject: Subject, entry: ExportedTotp): Promise<ItemOutcome> {
    const result = await this.engine.get(EnrolFactor, { strict: false }).run({
      whose: subject,
      registered: this.target.registered,
      label: labelOf(entry.name),
      fields: fieldsOf(entry),
      by: 'server',
      begunBy: 'import',
      // An import cannot hand codes to the user, who makes a set after the next login.
      withRecovery: false,
      origin: SYSTEM_ORIGIN,
    });
    return result.outcome === 'enrolled'
      ? { done: true, more: ` as ${publicId('fac', result.factor.id)}` }
      : otherwise(result);
  }

  async #rehearse(subject: Subject, entry: ExportedTotp): Promise<ItemOutcome> {
    const before = this.#rehearsed.get(subject.userId) ?? [];
    const result = await this.engine.get(RehearseImport, { strict: false }).run({
      subject,
      registered: this.target.registered,
      fields: fieldsOf(entry),
      before,
    });
    if (result.outcome !== 'possible') return otherwise(result);
    this.#rehearsed.set(subject.userId, [...before, result.factor]);
    return { done: true, more: '' };
  }

  // One app may be two people's, but more often a line was copied and half of it changed.
  #shared({ userId }: Subject, { secret }: ExportedTotp, place: string): string {
    const key = secret.replace(/[\s=-]/g, '').toUpperCase();
    const known = this.#secrets.get(key);
    if (known === undefined) this.#secrets.set(key, { place, userId });
    return known === undefined || known.userId === userId
      ? ''
      : `: another user has the same secret, on ${known.place}`;
  }

  async #subject(user: string): Promise<Subject | undefined> {
    const { application } = this.target;
    const users = this.engine.get(UserStore, { strict: false });
    const found = await users.named(
      this.engine.get(Database, { strict: false }).direct,
      application.id,
      user,
    );
    return (
      found && {
        application,
        userId: found.id,
        securityEpoch: found.securityEpoch,
        account: found.email ?? found.externalId,
        locale: found.locale,
      }
    );
  }
}

/** The same sentence, whether it was tried or only looked at. */
function otherwise(
  result: Exclude<EnrolFactorResult, { outcome: 'enrolled' }> | Exclude<RehearsedImport, { factor: unknown }>,
): ItemOutcome {
  switch (result.outcome) {
    case 'already-there':
      return { done: true, more: ': it was there already' };
    case 'malformed':
      return {
        done: false,
        more: `: ${result.errors.map(({ path, message }) => `its ${path.replace(/^import\.?/, '')} ${message}`).join('; ')}`,
      };
    case 'taken':
      return { done: false, more: ': another factor is the same device' };
    case 'too-many':
      return { done: false, more: ': the user has too many factors' };
    default:
      return { done: false, more: ': the user was changed meanwhile' };
  }
}

function fieldsOf({ secret, algorithm, digits, period }: ExportedTotp): Readonly<Record<string, unknown>> {
  return { import: { secret, algorithm, digits, period } };
}

function labelOf(name: string): string | null {
  const label = name.replace(/\p{Cc}/gu, '').slice(0, 100);
  return label === '' ? null : label;
}
