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

/**
 * Whose an address is (api.md, "Whose address"): the one place where this is decided. docs/accounts.md has it as a
 * table. A mailbox proves nothing about who chose the password. So an account keeps what it has only where the one who
 * follows the link also knows its password, and never where it becomes another registration's. Asked once in an account's
 * life: what has a verified address keeps it.
 * @param othersWaited how many other registrations waited for the address; they end in any case
 */
export function whoseAddress(proof: AddressProof, othersWaited: number): Ruling {
  const becomes = proof.by === 'operator' ? undefined : (proof.registration ?? undefined);
  const stays = proof.by === 'registration' && becomes === undefined;
  return {
    stays,
    becomes,
    takesPassword: proof.by === 'registration' && becomes !== undefined,
    told: !stays || othersWaited > 0,
  };
}
