/** Mails about an account's address and password, some with a link. */
export const LINK_MAILS = [
  /** To a new account's address, or asked for again. */
  'verify_email',
  /** To the address that is to become the account's. */
  'change_email',
  /** To the address that an account is about to leave. */
  'email_change_requested',
  'reset_password',
  /** To the address of an account, with which somebody tried to register. */
  'already_registered',
  /** To an address that was confirmed: what others had set up with it has ended. */
  'address_confirmed',
] as const;

/** A kind of such a mail. */
export type LinkMailKind = (typeof LINK_MAILS)[number];

/** The pages that links lead to, under `PUBLIC_URL` (api.md, "Accounts"); kinds without one carry no link. */
export const LINK_PAGES: Readonly<Partial<Record<LinkMailKind, string>>> = {
  verify_email: '/verify-email',
  change_email: '/verify-email',
  reset_password: '/reset-password',
};
