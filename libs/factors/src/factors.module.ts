import { Module } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { DeliveryModule } from '@countersign/delivery';
import { DevicesModule } from '@countersign/devices';
import { DirectoryModule } from '@countersign/directory';
import { AnswerJudge } from './answer-judge.js';
import { AnswerReader } from './challenges/answer-reader.js';
import { AttemptBudgets } from './challenges/attempt-budgets.js';
import { ChallengeOpener } from './challenges/challenge-opener.js';
import { ChallengeSender } from './challenges/challenge-sender.js';
import { FactorChallenger } from './challenges/factor-challenger.js';
import { ChallengeStore } from './challenges/challenge.store.js';
import { CodeSender } from './codes/code-sender.js';
import { ProviderSends } from './codes/provider-sends.js';
import { DeliveredCodes } from './codes/delivered-codes.js';
import { SendBudgets } from './codes/send-budgets.js';
import { ActivationProofs } from './enrolment/activation-proofs.js';
import { Activator } from './enrolment/activator.js';
import { Confirmer } from './enrolment/confirmer.js';
import { EnrolmentWriter } from './enrolment/enrolment-writer.js';
import { EnrolmentStore } from './enrolment/enrolment.store.js';
import { FactorImporter } from './enrolment/factor-importer.js';
import { FactorMaker } from './enrolment/factor-maker.js';
import { FactorRemover } from './enrolment/factor-remover.js';
import { FactorOwners } from './enrolment/factor-owners.js';
import { RemoteCleanUp } from './enrolment/remote-clean-up.js';
import { RestoredCodes } from './enrolment/restored-codes.js';
import { RestoredFactors } from './settlement/restored-factors.js';
import { ErasedUsers } from './erased-users.js';
import { ClaimedAccounts } from './claimed-accounts.js';
import { MailedProofs } from './mailed-proofs.js';
import { OwnMail } from './own-mail.js';
import { FactorEntity } from './factor.entity.js';
import { FactorStore } from './factor.store.js';
import { FactorsSweeper } from './factors.sweeper.js';
import { FactorIdentities } from './identities/factor-identities.js';
import { IdentityClaims } from './identities/identity-claims.js';
import { IdentityStore } from './identities/identity.store.js';
import { ProviderCalls } from './provider-calls.js';
import { FactorRegistry } from './registry/factor-registry.js';
import { SecondFactors } from './second-factors.js';
import { Approvals } from './server/approvals.js';
import { Assertions } from './server/assertions.js';
import { DeviceApprovals } from './server/device-approvals.js';
import { DirectChoice } from './server/direct-choice.js';
import { DirectVerification } from './server/direct-verification.js';
import { OpenerForServers } from './server/opener-for-servers.js';
import { Adjudicator } from './settlement/adjudicator.js';
import { DevicePicker } from './settlement/device-picker.js';
import { Settlement } from './settlement/settlement.js';
import { GroupCommit } from './settlement/group-commit.js';
import { SettlementStore } from './settlement/settlement.store.js';
import { UserFactorsStore } from './settlement/user-factors.store.js';
import { Verification } from './settlement/verification.js';
import { Resyncer } from './settlement/resyncer.js';
import { SpentChallengeEntity } from './settlement/spent-challenge.entity.js';
import { SpentTokenEntity } from './settlement/spent-token.entity.js';
import { SiblingStore } from './sibling.store.js';
import { Siblings } from './siblings.js';
import { ActivateFactor } from './use-cases/activate-factor.use-case.js';
import { ApproveChallenge } from './use-cases/approve-challenge.use-case.js';
import { BeginSecondStep } from './use-cases/begin-second-step.use-case.js';
import { ChangeFactor } from './use-cases/change-factor.use-case.js';
import { EnrolFactor } from './use-cases/enrol-factor.use-case.js';
import { OpenChallenge } from './use-cases/open-challenge.use-case.js';
import { ReadChallenge } from './use-cases/read-challenge.use-case.js';
import { StoredSecrets } from './registry/stored-secrets.js';
import { RetireType } from './use-cases/retire-type.use-case.js';
import { RehearseImport } from './use-cases/rehearse-import.use-case.js';
import { RemoveFactor } from './use-cases/remove-factor.use-case.js';
import { ResyncFactor } from './use-cases/resync-factor.use-case.js';
import { SendChallenge } from './use-cases/send-challenge.use-case.js';
import { SendEnrolmentCode } from './use-cases/send-enrolment-code.use-case.js';
import { UnlockFactor } from './use-cases/unlock-factor.use-case.js';
import { VerifyChallenge } from './use-cases/verify-challenge.use-case.js';
import { VerifyUser } from './use-cases/verify-user.use-case.js';

/** The engine's tables. */
export const factorsEntities = [FactorEntity, SpentTokenEntity, SpentChallengeEntity];

/** The engine: it counts, spends, seals and records; the providers, in whatever module, decide. */
@Module({
  imports: [DiscoveryModule, DirectoryModule, DevicesModule, DeliveryModule],
  providers: [
    FactorStore,
    EnrolmentStore,
    SettlementStore,
    GroupCommit,
    ChallengeStore,
    FactorRegistry,
    ProviderCalls,
    SendBudgets,
    DeliveredCodes,
    CodeSender,
    AnswerJudge,
    AttemptBudgets,
    AnswerReader,
    ChallengeSender,
    FactorChallenger,
    ProviderSends,
    ChallengeOpener,
    Adjudicator,
    Settlement,
    Verification,
    UserFactorsStore,
    Assertions,
    Approvals,
    DeviceApprovals,
    DirectChoice,
    DirectVerification,
    OpenerForServers,
    FactorsSweeper,
    FactorMaker,
    Confirmer,
    ActivationProofs,
    Activator,
    EnrolmentWriter,
    FactorIdentities,
    IdentityStore,
    IdentityClaims,
    SiblingStore,
    Siblings,
    DevicePicker,
    FactorImporter,
    FactorOwners,
    Resyncer,
    BeginSecondStep,
    SendChallenge,
    VerifyChallenge,
    OpenChallenge,
    ReadChallenge,
    ApproveChallenge,
    VerifyUser,
    UnlockFactor,
    EnrolFactor,
    RehearseImport,
    RetireType,
    StoredSecrets,
    SendEnrolmentCode,
    ActivateFactor,
    ResyncFactor,
    ChangeFactor,
    RemoveFactor,
    ErasedUsers,
    RestoredFactors,
    RestoredCodes,
    OwnMail,
    MailedProofs,
    ClaimedAccounts,
    FactorRemover,
    RemoteCleanUp,
    SecondFactors,
  ],
  exports: [
    FactorRegistry,
    FactorStore,
    EnrolFactor,
    RehearseImport,
    RetireType,
    StoredSecrets,
    SendEnrolmentCode,
    ActivateFactor,
    ResyncFactor,
    ChangeFactor,
    RemoveFactor,
    FactorRemover,
    RemoteCleanUp,
    SendChallenge,
    OpenChallenge,
    ReadChallenge,
    ApproveChallenge,
    VerifyUser,
    UnlockFactor,
    SecondFactors,
  ],
})
export class FactorsModule {}
