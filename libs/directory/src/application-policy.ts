/** What an application decides for its users. */
export interface ApplicationPolicy {
  readonly registration: 'open' | 'closed';
  /** Whether accounts need a verified address. */
  readonly requireVerifiedEmail: boolean;
  readonly requireSecondFactor: boolean;
  /** Factor types that may be enrolled; `null` allows every type that the deployment offers. */
  readonly allowedFactorTypes: readonly string[] | null;
  /** Whether a device can be trusted to skip the second factor. */
  readonly trustedDevices: boolean;
  readonly defaultLocale: string;
  /** SMS of a day; `null` leaves it to the deployment. */
  readonly smsDailyLimit: number | null;
  /** Codes by e-mail of a day; `null` leaves it to the deployment. */
  readonly emailDailyLimit: number | null;
  /** What the owner of an account is told by mail. */
  readonly notices: NoticeSettings;
}

/** The notices that there are, each on or off. */
export interface NoticeSettings {
  readonly factorAdded: boolean;
  readonly factorRemoved: boolean;
  readonly backupCodesUsed: boolean;
  readonly backupCodesLow: boolean;
  readonly passwordChanged: boolean;
  readonly sessionReuse: boolean;
}

/** A policy as it is stored: what differs from the default. */
export type StoredPolicy = Partial<Omit<ApplicationPolicy, 'notices'>> & {
  readonly notices?: Partial<NoticeSettings>;
};

/** The policy of an application that has not decided otherwise. */
const DEFAULT_POLICY: ApplicationPolicy = {
  registration: 'open',
  requireVerifiedEmail: false,
  requireSecondFactor: false,
  allowedFactorTypes: null,
  trustedDevices: true,
  defaultLocale: 'en',
  smsDailyLimit: null,
  emailDailyLimit: null,
  notices: {
    factorAdded: true,
    factorRemoved: true,
    backupCodesUsed: true,
    backupCodesLow: true,
    passwordChanged: true,
    sessionReuse: true,
  },
};

/** The whole policy: what is stored over the default, notice by notice. */
export function policyOf(stored: StoredPolicy): ApplicationPolicy {
  return { ...DEFAULT_POLICY, ...stored, notices: { ...DEFAULT_POLICY.notices, ...stored.notices } };
}

/** What is stored when some of a policy is decided anew: the rest stays. */
export function changedPolicy(stored: StoredPolicy, changes: StoredPolicy): StoredPolicy {
  const notices = { ...stored.notices, ...changes.notices };
  const changed = { ...stored, ...changes };
  return Object.keys(notices).length === 0 ? changed : { ...changed, notices };
}
