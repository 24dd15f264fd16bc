import type { WaitingRegistration } from '../mailed-links/mailed-link.js';

/** How it was shown that an address belongs to who asks for it. */
export type AddressProof =
  /**
   * By a mailed link, and the password of the registration that mailed it or a live session of its account.
   * `registration` is `null` where it is the one whose password the account has.
   */
  | { readonly by: 'registration'; readonly registration: WaitingRegistration | null }
  /** By a mailed link alone, which gives the account a new password. */
  | { readonly by: 'mailbox'; readonly registration: WaitingRegistration | null }
  /** By the operator of the deployment. */
  | { readonly by: 'operator' };

/** What becomes of an account when its address is shown to be somebody's. */
export interface Ruling {
  /** Whether sessions, devices and factors of the account stay. */
  readonly stays: boolean;
  /** The registration that the account becomes, where it is another one's. */
  readonly becomes: WaitingRegistration | undefined;
  /** Whether that one's password becomes the account's, too. */
  readonly takesPassword: boolean;
  /** Whether the address is told that what others had set up with it has ended. */
  readonly told: boolean;
}

const NOTHING_CHANGES: Ruling = { stays: true, becomes: undefined, takesPassword: false, told: false };

/**
 * Whose an address is (api.md, "Whose address"): the one place where this is decided. docs/accounts.md has it as a
 * table. A mailbox proves nothing about who chose the password, so an account keeps what it has only for the one who
 * also knows the password, and for nobody once it belongs to another registration.
 * @param verified whether the account's address was verified before
 * @param othersWaited how many other registrations waited for the address; they end in any case
 */
export function whoseAddress(verified: boolean, proof: AddressProof, othersWaited: number): Ruling {
  if (verified) return NOTHING_CHANGES;
  const becomes = proof.by === 'operator' ? undefined : (proof.registration ?? undefined);
  const stays = proof.by === 'registration' && becomes === undefined;
  return {
    stays,
    becomes,
    takesPassword: proof.by === 'registration' && becomes !== undefined,
    told: !stays || othersWaited > 0,
  };
}
