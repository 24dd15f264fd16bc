import { Injectable } from '@nestjs/common';
import { Database, EventLog, type Origin, type Tx } from '@countersign/core';
import { UserMaker } from './user-maker.js';
import { type KnownUser, UserStore } from './user.store.js';

/** What a server says of a user; absent fields stay. */
export interface UserFacts {
  /** As stored: trimmed, lower case. */
  readonly email?: string | null;
  readonly displayName?: string | null;
  readonly locale?: string | null;
  readonly status?: 'active' | 'suspended';
}

/** Whom it is about. */
export interface PutUserInput {
  readonly applicationId: string;
  /** The application's own id for the user; checked. */
  readonly externalId: string;
  readonly facts: UserFacts;
  /** Throws where the caller may not change this user. */
  readonly permit: (user: KnownUser) => void;
  readonly origin: Origin;
}

/** How it ended. */
export type PutUserResult =
  | { readonly outcome: 'created' | 'updated'; readonly userId: string }
  /** The address of a built-in account changes only when its owner has verified the new one. */
  | { readonly outcome: 'email-of-account' }
  /** The application would be left without an administrator. */
  | { readonly outcome: 'last-admin' };

/** Makes a user, or changes one. What a suspended user had open ends for good. */
@Injectable()
export class PutUser {
  constructor(
    private readonly users: UserStore,
    private readonly maker: UserMaker,
    private readonly events: EventLog,
    private readonly database: Database,
  ) {}

  async run({ applicationId, externalId, facts, permit, origin }: PutUserInput): Promise<PutUserResult> {
    return this.database.transaction(async (tx) => {
      const { user, made } = await this.maker.ensure(tx, applicationId, externalId, origin);
      permit(user);
      if (await this.#isLastAdmin(tx, applicationId, user, facts)) return { outcome: 'last-admin' };
      const current = await this.users.lockAny(tx, user.id);
      if (current === undefined) throw new Error('The user is gone');
      const { status, ...profile } = changed(current, facts);
      if (current.hasPassword && profile.email !== undefined) return { outcome: 'email-of-account' };
      const fields = [...Object.keys(profile), ...(status === undefined ? [] : ['status'])];
      if (Object.keys(profile).length > 0) await this.users.update(tx, user.id, profile);
      if (status !== undefined) await this.users.setStatus(tx, user.id, status);
      if (fields.length > 0 && !(made && status === undefined)) {
        const data = { fields, ...(status === undefined ? {} : { status }) };
        await this.events.append(tx, { type: 'user.updated', applicationId, userId: user.id, origin, data });
      }
      return { outcome: made ? 'created' : 'updated', userId: user.id };
    });
  }

  async #isLastAdmin(
    tx: Tx,
    applicationId: string,
    user: KnownUser,
    { status }: UserFacts,
  ): Promise<boolean> {
    if (status !== 'suspended' || user.role !== 'admin' || user.status !== 'active') return false;
    const admins = await this.users.lockAdmins(tx, applicationId);
    return admins.every((id) => id === user.id);
  }
}

// Only what differs: a server that says again what is known changes nothing, and tells nobody.
function changed(
  current: UserFacts & { readonly status: 'active' | 'suspended' },
  facts: UserFacts,
): UserFacts {
  return Object.fromEntries(
    Object.entries(facts).filter(
      ([name, value]) => value !== undefined && value !== current[name as keyof UserFacts],
    ),
  );
}
