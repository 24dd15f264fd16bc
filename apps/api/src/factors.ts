import { BackupCodeFactor, EmailFactor, SmsFactor, TotpFactor, WebauthnFactor } from '@countersign/factors';

/**
 * The factor providers of this deployment: the one file to edit when adding your own. Each is an injectable class
 * decorated with `@FactorProvider`; see docs/custom-factors.md.
 */
export const factorProviders = [TotpFactor, BackupCodeFactor, SmsFactor, EmailFactor, WebauthnFactor];
