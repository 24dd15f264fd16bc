/** What an application decides for its users. */
export interface ApplicationPolicy {
  readonly registration: 'open' | 'closed';
  readonly requireSecondFactor: boolean;
  /** Factor types that may be enrolled; `null` allows every type that the deployment offers. */
  readonly allowedFactorTypes: readonly string[] | null;
  /** Whether a device can be trusted to skip the second factor. */
  readonly trustedDevices: boolean;
  readonly defaultLocale: string;
  /** SMS of a day; `null` leaves it to the deployment. */
  readonly smsDailyLimit: number | null;
}

/** The policy of an application that has not decided otherwise. */
export const DEFAULT_POLICY: ApplicationPolicy = {
  registration: 'open',
  requireSecondFactor: false,
  allowedFactorTypes: null,
  trustedDevices: true,
  defaultLocale: 'en',
  smsDailyLimit: null,
};
