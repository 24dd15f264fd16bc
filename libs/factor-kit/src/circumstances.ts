/** Another active factor of the same user and type, as its list shows it. */
export interface Sibling {
  /** TypeID. */
  readonly factor: string;
  readonly label: string | null;
  readonly hint: string;
  /** Only where the decorator asks for it: `siblings: 'secrets'`. */
  readonly secret?: unknown;
}

/** The circumstances of one call into a provider. Everything a provider may know beside the secret and the answer. */
export interface Circumstances {
  /** The engine's clock. A provider never reads the machine's own. */
  readonly now: Date;
  /** TypeIDs, for providers that talk to a system of their own. `factor` is known from enrolment on. */
  readonly ids: { readonly application: string; readonly user: string; readonly factor: string };
  /** The application's name as users see it. */
  readonly issuer: string;
  /** How the user calls the account: the e-mail address, else the application's own id for the user. */
  readonly account: string;
  /**
   * The web origins that the user's browser may be at (`https://app.example.com`): the application's own first, then
   * the deployment's. Never empty.
   */
  readonly origins: readonly string[];
  /** 32 unpredictable bytes, the same at `challenge` and `verify` of one challenge, and at `enrol` and `confirm`. */
  readonly nonce: Uint8Array;
  /**
   * The user's other active factors of this type, oldest first; at `challenge` those that the challenge offers and that
   * are not locked. Only where the decorator asks for them, and only at `enrol`, `confirm` and `challenge`; else empty.
   */
  readonly siblings: readonly Sibling[];
  /** Aborts when the engine stops waiting: pass it on to whatever takes time. */
  readonly signal: AbortSignal;
}
