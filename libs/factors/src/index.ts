export { type Asked, type Challenge, type SentTo, TRIES_PER_CHALLENGE } from './challenges/challenge.js';
export type { OpenedChallenge } from './challenges/challenge-opener.js';
export { isForCookies, openedByToken, type Opening } from './challenges/opening.js';
export type { NewUser } from './enrolment/factor-owners.js';
export { FactorStore, type FactorView, type NewFactor } from './factor.store.js';
export { type FactorsConfig, factorsSection } from './factors.config.js';
export { factorsEntities, FactorsModule } from './factors.module.js';
export { IdentityClaims } from './identities/identity-claims.js';
export { BackupCodeFactor } from './providers/backup-code/backup-code.factor.js';
export { EmailFactor } from './providers/email/email.factor.js';
export { SmsFactor } from './providers/sms/sms.factor.js';
export { WebauthnFactor } from './providers/webauthn/webauthn.factor.js';
export { TotpFactor } from './providers/totp/totp.factor.js';
export type { CodeSending } from './codes/code-sender.js';
export { answerSchemaOf, type FactorClass } from './registry/factor-class.js';
export { StoredSecrets } from './registry/stored-secrets.js';
export { FactorRegistry, FactorRegistryError, type RegisteredFactor } from './registry/factor-registry.js';
export { jsonSchemaOf } from './registry/schema-parsing.js';
export type { Approval } from './server/approvals.js';
export { canonicalDetails, detailsHash } from './server/details-hash.js';
export type { SecondFactorProof } from './second-factor-proof.js';
export { SecondFactors } from './second-factors.js';
export { type Subject, subjectOfUser } from './subject.js';
export {
  ActivateFactor,
  type ActivateFactorInput,
  type ActivateFactorResult,
} from './use-cases/activate-factor.use-case.js';
export { ApproveChallenge } from './use-cases/approve-challenge.use-case.js';
export { ChangeFactor } from './use-cases/change-factor.use-case.js';
export { EnrolFactor, type EnrolFactorResult } from './use-cases/enrol-factor.use-case.js';
export { OpenChallenge } from './use-cases/open-challenge.use-case.js';
export { ReadChallenge } from './use-cases/read-challenge.use-case.js';
export { RehearseImport, type RehearsedImport } from './use-cases/rehearse-import.use-case.js';
export { RemoveFactor } from './use-cases/remove-factor.use-case.js';
export { RetireType } from './use-cases/retire-type.use-case.js';
export { ResyncFactor } from './use-cases/resync-factor.use-case.js';
export { SendChallenge, type SendChallengeResult } from './use-cases/send-challenge.use-case.js';
export { SendEnrolmentCode } from './use-cases/send-enrolment-code.use-case.js';
export { UnlockFactor } from './use-cases/unlock-factor.use-case.js';
export { VerifyUser } from './use-cases/verify-user.use-case.js';
export type { VerifyChallengeResult } from './settlement/verification.js';
export type { VerifyChallengeInput } from './use-cases/verify-challenge.use-case.js';
