import { Injectable } from '@nestjs/common';
import { EventLog, type Origin, type Tx } from '@countersign/core';
import { AddressStore, type RegisteredProfile, UserStore } from '@countersign/directory';
import { MailedLinks } from '../mailed-links/mailed-links.js';
import { type AddressProof, type Ruling, whoseAddress } from './whose-address.js';

/** An address that was shown to be somebody's. Ids are UUIDs. */
export interface ProvenAddress {
  readonly applicationId: string;
  readonly userId: string;
  readonly email: string;
  /** The account as it was. */
  readonly before: { readonly email: string; readonly emailVerified: boolean };
  readonly proof: AddressProof;
  readonly origin: Origin;
}

/** How it ended. */
export type SettledAddress =
  | { readonly outcome: 'settled'; readonly secondFactorRemoved: boolean }
  /** The address has become another account's; the transaction is given up. */
  | { readonly outcome: 'taken' };

type About = Pick<ProvenAddress, 'applicationId' | 'userId' | 'origin'>;

/** The operator's account has a name of its own. */
const ADMINISTRATOR: RegisteredProfile = { displayName: 'Administrator', locale: null };

/** Makes addresses their accounts', and ends what others have set up with them. */
@Injectable()
export class VerifiedAddresses {
  constructor(
    private readonly users: UserStore,
    private readonly addresses: AddressStore,
    private readonly links: MailedLinks,
    private readonly events: EventLog,
  ) {}

  /** Call with the user locked, and a new password written. */
  async settle(tx: Tx, { email, before, proof, ...about }: ProvenAddress): Promise<SettledAddress> {
    if (!(await this.addresses.setVerified(tx, about.userId, email))) return { outcome: 'taken' };
    if (email !== before.email) {
      await this.events.append(tx, { type: 'email.changed', ...about, data: { fields: ['email'] } });
    }
    if (before.emailVerified) return { outcome: 'settled', secondFactorRemoved: false };
    const ruling = whoseAddress(proof, await this.links.endVerifications(tx, about.userId));
    const profile = proof.by === 'operator' ? ADMINISTRATOR : ruling.becomes;
    if (profile !== undefined) await this.addresses.setProfile(tx, about.userId, profile);
    await this.#takePassword(tx, about, ruling);
    const fields = ['emailVerified', ...(profile === undefined ? [] : ['displayName', 'locale'])];
    if (!ruling.stays) await this.users.bumpEpoch(tx, about.userId);
    // Sessions, devices and factors end with this event where it says `claimed`.
    const data = { fields, ...(ruling.stays ? {} : { claimed: true }) };
    await this.events.append(tx, { type: 'user.updated', ...about, data });
    if (ruling.told) await this.#tell(tx, about, email);
    const secondFactorRemoved =
      !ruling.stays && (await this.addresses.isSecondFactorRemoved(tx, about.userId));
    return { outcome: 'settled', secondFactorRemoved };
  }

  async #takePassword(tx: Tx, about: About, { becomes, takesPassword }: Ruling): Promise<void> {
    if (becomes === undefined || !takesPassword) return;
    await this.users.setPassword(tx, about.userId, becomes.passwordHash);
    const data = { by: 'registration' };
    await this.events.append(tx, { type: 'password.changed', ...about, data });
  }

  async #tell(tx: Tx, { applicationId }: About, email: string): Promise<void> {
    await this.links.request(tx, { applicationId, kind: 'address_confirmed', email, user: undefined });
  }
}
