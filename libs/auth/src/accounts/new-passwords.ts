import { Injectable } from '@nestjs/common';
import { EventLog, type Origin, type Tx } from '@countersign/core';
import { UserStore } from '@countersign/directory';
import type { PresentedLink } from '../mailed-links/mailed-link.js';
import { PasswordHasher } from '../passwords/password-hasher.js';
import type { RefusedPassword } from '../passwords/password-rules.js';
import { PasswordScreening } from '../passwords/password-screening.js';
import type { PasswordOwner } from '../passwords/personal-passwords.js';
import { type Account, actingAs } from './account.js';
import { VerifiedAddresses } from './verified-addresses.js';

/** A password that passed the rules, hashed, ready to be written. */
export interface PreparedPassword {
  readonly outcome: 'prepared';
  readonly hash: string;
}

/** A password that the rules refuse; nothing has changed. */
export interface RejectedPassword {
  readonly outcome: 'rejected';
  readonly ruling: RefusedPassword;
}

/** Gives accounts new passwords. What stood on the old one ends with its event. */
@Injectable()
export class NewPasswords {
  constructor(
    private readonly screening: PasswordScreening,
    private readonly hasher: PasswordHasher,
    private readonly users: UserStore,
    private readonly addresses: VerifiedAddresses,
    private readonly events: EventLog,
  ) {}

  /**
   * Does the costly part, before any transaction is open.
   * @throws HashingBusy when the pool's queue is full
   */
  async prepare(password: string, owner: PasswordOwner): Promise<PreparedPassword | RejectedPassword> {
    const ruling = await this.screening.run(password, owner);
    if (!ruling.accepted) return { outcome: 'rejected', ruling };
    return { outcome: 'prepared', hash: await this.hasher.hash(password) };
  }

  /** By its owner, whose session stays. @returns `false` where the account is not what it was any more */
  async change(tx: Tx, account: Account, { hash }: PreparedPassword, origin: Origin): Promise<boolean> {
    const { id: userId, applicationId, securityEpoch } = account;
    if ((await this.users.lock(tx, userId)) !== securityEpoch) return false;
    await this.users.setPassword(tx, userId, hash);
    await this.events.append(tx, { type: 'password.changed', applicationId, userId, origin, data: {} });
    return true;
  }

  /**
   * By a mailed link, which proves the address too. Call with the link spent.
   * @returns whether a second factor went with what the account had
   */
  async reset(tx: Tx, link: PresentedLink, { hash }: PreparedPassword, origin: Origin): Promise<boolean> {
    const { userId, applicationId, account, registration } = link;
    const about = { applicationId, userId, origin: actingAs(userId, origin) };
    await this.users.setPassword(tx, userId, hash);
    await this.events.append(tx, { type: 'password.changed', ...about, data: { by: 'mail' } });
    if (account.emailVerified) return false;
    const proof = { by: 'mailbox', registration } as const;
    const { email } = account;
    const settled = await this.addresses.settle(tx, { ...about, email, before: account, proof });
    return settled.outcome === 'settled' && settled.secondFactorRemoved;
  }
}
