export type { Challenge, OfferedFactor } from './challenges/challenge.js';
export type { OpenedChallenge } from './challenges/challenge-opener.js';
export { type FactorPage, FactorStore, type FactorView } from './factor.store.js';
export { type FactorsConfig, factorsSection } from './factors.config.js';
export { factorsEntities, FactorsModule } from './factors.module.js';
export { BackupCodeFactor } from './providers/backup-code/backup-code.factor.js';
export { TotpFactor } from './providers/totp/totp.factor.js';
export { FactorRegistry, FactorRegistryError, type RegisteredFactor } from './registry/factor-registry.js';
export { jsonSchemaOf } from './registry/schema-parsing.js';
export type { SecondFactorProof } from './second-factor-proof.js';
export { SecondFactors } from './second-factors.js';
export { FAILURES_THAT_LOCK } from './settlement/settlement.store.js';
export type { Subject } from './subject.js';
export { ActivateFactor, type ActivateFactorResult } from './use-cases/activate-factor.use-case.js';
export type { SecondStep } from './use-cases/begin-second-step.use-case.js';
export { ChangeFactor } from './use-cases/change-factor.use-case.js';
export { EnrolFactor, type EnrolFactorResult } from './use-cases/enrol-factor.use-case.js';
export { RemoveFactor } from './use-cases/remove-factor.use-case.js';
export type {
  Grant,
  VerifyChallengeInput,
  VerifyChallengeResult,
} from './use-cases/verify-challenge.use-case.js';
