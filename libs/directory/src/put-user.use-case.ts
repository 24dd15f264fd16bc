import { Injectable } from '@nestjs/common';
import { Database, EventLog, type Origin, type Tx } from '@countersign/core';
import { canonicalEmail } from './email-spellings.js';
import { UserMaker } from './user-maker.js';
import { type KnownUser, type LockedUser, UserStore } from './user.store.js';

/** What a server says of a user; absent fields stay. */
export interface UserFacts {
  /** In the form in which it is stored. */
  readonly email?: string | null;
  readonly displayName?: string | null;
  readonly locale?: string | null;
  readonly status?: 'active' | 'suspended';
}

/** The user it is about, and what is read of them in the same transaction. */
export interface PutUserInput<View> {
  readonly applicationId: string;
  /** The application's own id for the user; checked. */
  readonly externalId: string;
  readonly facts: UserFacts;
  /** Throws where the caller may not change this user. */
  readonly permit: (user: KnownUser) => void;
  /** Reads what is answered: afterwards another request may have erased the user. */
  readonly view: (tx: Tx, userId: string) => Promise<View>;
  readonly origin: Origin;
}

/** How it ended. */
export type PutUserResult<View> =
  | { readonly outcome: 'created' | 'updated'; readonly view: View }
  /** The address of a built-in account changes only when its owner has verified the new one. */
  | { readonly outcome: 'email-of-account' }
  /** The application would be left without an administrator. */
  | { readonly outcome: 'last-admin' }
  /** Other requests erase the user all the time. */
  | { readonly outcome: 'overtaken' };

/** How often a user that was found may be gone before it is locked. */
const MAX_ROUNDS = 10;

/** Makes a user, or changes one. What a suspended user had open ends for good. */
@Injectable()
export class PutUser {
  constructor(
    private readonly users: UserStore,
    private readonly maker: UserMaker,
    private readonly events: EventLog,
    private readonly database: Database,
  ) {}

  async run<View>(input: PutUserInput<View>): Promise<PutUserResult<View>> {
    const { applicationId, externalId, facts, permit, origin } = input;
    return this.database.transaction(async (tx) => {
      for (let round = 0; round < MAX_ROUNDS; round += 1) {
        const ensured = await this.maker.ensure(tx, applicationId, externalId, origin);
        if (ensured === undefined) break;
        permit(ensured.user);
        if (await this.#isLastAdmin(tx, applicationId, ensured.user, facts)) return { outcome: 'last-admin' };
        const current = await this.users.lockAny(tx, ensured.user.id);
        if (current !== undefined) return this.#change(tx, input, current, ensured.made);
      }
      return { outcome: 'overtaken' };
    });
  }

  async #change<View>(
    tx: Tx,
    { applicationId, facts, origin, view }: PutUserInput<View>,
    current: LockedUser,
    made: boolean,
  ): Promise<PutUserResult<View>> {
    const userId = current.id;
    const { status, ...profile } = changed(current, facts);
    if (current.hasPassword && profile.email !== undefined) return { outcome: 'email-of-account' };
    const fields = [...Object.keys(profile), ...(status === undefined ? [] : ['status'])];
    if (Object.keys(profile).length > 0) await this.users.update(tx, userId, profile);
    if (status !== undefined) await this.users.setStatus(tx, userId, status);
    if (fields.length > 0 && !(made && status === undefined)) {
      const data = { fields, ...(status === undefined ? {} : { status }) };
      await this.events.append(tx, { type: 'user.updated', applicationId, userId, origin, data });
    }
    return { outcome: made ? 'created' : 'updated', view: await view(tx, userId) };
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
      ([name, value]) =>
        value !== undefined &&
        value !== current[name as keyof UserFacts] &&
        !(name === 'email' && isSame(current.email, facts.email)),
    ),
  );
}

// Earlier versions stored other spellings of one address.
function isSame(stored: string | null | undefined, email: string | null | undefined): boolean {
  return typeof stored === 'string' && typeof email === 'string' && canonicalEmail(stored) === email;
}
