import { Module } from '@nestjs/common';
import { getConfigToken } from '@nestjs/config';
import { DeliveryModule } from '@countersign/delivery';
import { DevicesModule } from '@countersign/devices';
import { DirectoryModule } from '@countersign/directory';
import { FactorsModule } from '@countersign/factors';
import { AccountMaker } from './accounts/account-maker.js';
import { AccountStore } from './accounts/account.store.js';
import { NewPasswords } from './accounts/new-passwords.js';
import { PromotedAccounts } from './accounts/promoted-accounts.js';
import { UnverifiedAccountStore } from './accounts/unverified-account.store.js';
import { UnverifiedAccountsSweeper } from './accounts/unverified-accounts.sweeper.js';
import { VerifiedAddresses } from './accounts/verified-addresses.js';
import type { AuthConfig } from './auth.config.js';
import { FailedLoginTeller } from './failed-logins/failed-login-teller.js';
import { FailedLogins } from './failed-logins/failed-logins.js';
import { LoginFailureEntity } from './failed-logins/login-failure.entity.js';
import { LoginFailureStore } from './failed-logins/login-failure.store.js';
import { LinkEnder } from './mailed-links/link-ender.js';
import { LinkPreparer } from './mailed-links/link-preparer.js';
import { LinkProofs } from './mailed-links/link-proofs.js';
import { LinkSender } from './mailed-links/link-sender.js';
import { MailCourier } from './mailed-links/mail-courier.js';
import { MailedLinkEntity } from './mailed-links/mailed-link.entity.js';
import { MailedLinkStore } from './mailed-links/mailed-link.store.js';
import { MailedLinks } from './mailed-links/mailed-links.js';
import { MailedLinksSweeper } from './mailed-links/mailed-links.sweeper.js';
import { PresentedLinks } from './mailed-links/presented-links.js';
import { Acquaintance } from './passwords/acquaintance.js';
import { BreachedPasswords } from './passwords/breached-passwords.js';
import { PasswordAttempts } from './passwords/password-attempts.js';
import { PasswordCheck } from './passwords/password-check.js';
import { PasswordHasher } from './passwords/password-hasher.js';
import { PasswordScreening } from './passwords/password-screening.js';
import { ChallengeGrants } from './sessions/challenge-grants.js';
import { FreshPasswordProof } from './sessions/fresh-password-proof.js';
import { RestoredSessions } from './sessions/restored-sessions.js';
import { EndedSessionsSweeper } from './sessions/ended-sessions.sweeper.js';
import { RefreshStore } from './sessions/refresh.store.js';
import { SessionEnder } from './sessions/session-ender.js';
import { SessionEntity } from './sessions/session.entity.js';
import { SessionIssuer } from './sessions/session-issuer.js';
import { SessionStore } from './sessions/session.store.js';
import { AccessTokens } from './tokens/access-tokens.js';
import { RefreshTokens } from './tokens/refresh-tokens.js';
import { ActivateOwnFactor } from './use-cases/activate-own-factor.use-case.js';
import { AnswerChallenge } from './use-cases/answer-challenge.use-case.js';
import { BootstrapAdmin } from './use-cases/bootstrap-admin.use-case.js';
import { ChangeEmail } from './use-cases/change-email.use-case.js';
import { ChangePassword } from './use-cases/change-password.use-case.js';
import { ChangeProfile } from './use-cases/change-profile.use-case.js';
import { FindSession } from './use-cases/find-session.use-case.js';
import { LogIn } from './use-cases/log-in.use-case.js';
import { RefreshSession } from './use-cases/refresh-session.use-case.js';
import { Register } from './use-cases/register.use-case.js';
import { RequestPasswordReset } from './use-cases/request-password-reset.use-case.js';
import { ResendVerification } from './use-cases/resend-verification.use-case.js';
import { ResetPassword } from './use-cases/reset-password.use-case.js';
import { SetAdministrator } from './use-cases/set-administrator.use-case.js';
import { StepUp } from './use-cases/step-up.use-case.js';
import { VerifyEmail } from './use-cases/verify-email.use-case.js';
import { UserReader } from './users/user-reader.js';

/** Auth's tables. */
export const authEntities = [SessionEntity, MailedLinkEntity, LoginFailureEntity];

/** Accounts, login, sessions and tokens. */
@Module({
  imports: [DirectoryModule, DevicesModule, DeliveryModule, FactorsModule],
  providers: [
    {
      provide: PasswordHasher,
      inject: [getConfigToken('auth')],
      useFactory: ({ argon2 }: AuthConfig) => new PasswordHasher(argon2),
    },
    AccountStore,
    AccountMaker,
    NewPasswords,
    VerifiedAddresses,
    PromotedAccounts,
    UnverifiedAccountStore,
    UnverifiedAccountsSweeper,
    BreachedPasswords,
    PasswordScreening,
    MailedLinkStore,
    MailedLinks,
    PresentedLinks,
    LinkEnder,
    LinkPreparer,
    LinkProofs,
    LinkSender,
    MailCourier,
    MailedLinksSweeper,
    LoginFailureStore,
    FailedLogins,
    FailedLoginTeller,
    Acquaintance,
    PasswordAttempts,
    PasswordCheck,
    AccessTokens,
    RefreshTokens,
    SessionStore,
    RefreshStore,
    SessionIssuer,
    SessionEnder,
    EndedSessionsSweeper,
    RestoredSessions,
    ChallengeGrants,
    FreshPasswordProof,
    UserReader,
    Register,
    LogIn,
    ActivateOwnFactor,
    AnswerChallenge,
    RefreshSession,
    FindSession,
    StepUp,
    ChangeProfile,
    ChangeEmail,
    ChangePassword,
    RequestPasswordReset,
    ResetPassword,
    VerifyEmail,
    ResendVerification,
    BootstrapAdmin,
    SetAdministrator,
  ],
  exports: [
    MailedLinks,
    PasswordScreening,
    AccessTokens,
    SessionStore,
    SessionEnder,
    UserReader,
    Register,
    FailedLogins,
    LogIn,
    ActivateOwnFactor,
    AnswerChallenge,
    RefreshSession,
    FindSession,
    StepUp,
    ChangeProfile,
    ChangeEmail,
    ChangePassword,
    RequestPasswordReset,
    ResetPassword,
    VerifyEmail,
    ResendVerification,
    BootstrapAdmin,
    SetAdministrator,
  ],
})
export class AuthModule {}
