import { Injectable } from '@nestjs/common';
import { Clock, newId, type Origin, publicId, type Tx } from '@countersign/core';
import { UserStore } from '@countersign/directory';
import { PasswordHasher } from '../passwords/password-hasher.js';

/** A new built-in account; its password has passed the rules. */
export interface AccountToMake {
  readonly applicationId: string;
  /** In the form in which it is stored. */
  readonly email: string;
  readonly password: string;
  readonly displayName: string | null;
  readonly locale: string | null;
  readonly role: 'user' | 'admin';
  /** Whether the policy that it is registered under demands a verified address. */
  readonly mustVerify: boolean;
}

/** An account whose password is hashed already, ready to be written. */
export interface PreparedAccount extends Omit<AccountToMake, 'password'> {
  readonly id: string;
  readonly passwordHash: string;
}

/** Makes built-in accounts, with their event. */
@Injectable()
export class AccountMaker {
  constructor(
    private readonly users: UserStore,
    private readonly hasher: PasswordHasher,
    private readonly clock: Clock,
  ) {}

  /**
   * Does the costly part, before any transaction is open.
   * @throws HashingBusy when the pool's queue is full
   */
  async prepare({ password, ...account }: AccountToMake): Promise<PreparedAccount> {
    return { ...account, id: newId(this.clock), passwordHash: await this.hasher.hash(password) };
  }

  /** @returns whether it was written; `false` where the address is taken */
  async write(tx: Tx, account: PreparedAccount, origin: Origin): Promise<boolean> {
    const id = publicId('usr', account.id);
    return this.users.insertAccount(
      tx,
      { ...account, externalId: id },
      {
        type: 'user.created',
        applicationId: account.applicationId,
        userId: account.id,
        origin:
          origin.actor.id === null && origin.actor.type === 'user'
            ? { ...origin, actor: { type: 'user', id } }
            : origin,
        data: {},
      },
    );
  }
}
