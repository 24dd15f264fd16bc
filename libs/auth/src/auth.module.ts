import { Module } from '@nestjs/common';
import { getConfigToken } from '@nestjs/config';
import { DevicesModule } from '@countersign/devices';
import { DirectoryModule } from '@countersign/directory';
import { FactorsModule } from '@countersign/factors';
import { AccountMaker } from './accounts/account-maker.js';
import { AccountStore } from './accounts/account.store.js';
import type { AuthConfig } from './auth.config.js';
import { Acquaintance } from './passwords/acquaintance.js';
import { PasswordAttempts } from './passwords/password-attempts.js';
import { PasswordCheck } from './passwords/password-check.js';
import { PasswordHasher } from './passwords/password-hasher.js';
import { ChallengeGrants } from './sessions/challenge-grants.js';
import { FreshPasswordProof } from './sessions/fresh-password-proof.js';
import { EndedSessionsSweeper } from './sessions/ended-sessions.sweeper.js';
import { RefreshStore } from './sessions/refresh.store.js';
import { SessionEnder } from './sessions/session-ender.js';
import { SessionEntity } from './sessions/session.entity.js';
import { SessionIssuer } from './sessions/session-issuer.js';
import { SessionStore } from './sessions/session.store.js';
import { AccessTokens } from './tokens/access-tokens.js';
import { RefreshTokens } from './tokens/refresh-tokens.js';
import { AnswerChallenge } from './use-cases/answer-challenge.use-case.js';
import { BootstrapAdmin } from './use-cases/bootstrap-admin.use-case.js';
import { ChangeProfile } from './use-cases/change-profile.use-case.js';
import { LogIn } from './use-cases/log-in.use-case.js';
import { RefreshSession } from './use-cases/refresh-session.use-case.js';
import { Register } from './use-cases/register.use-case.js';
import { SetAdministrator } from './use-cases/set-administrator.use-case.js';
import { StepUp } from './use-cases/step-up.use-case.js';
import { UserReader } from './users/user-reader.js';

/** Auth's tables. */
export const authEntities = [SessionEntity];

/** Accounts, login, sessions and tokens. */
@Module({
  imports: [DirectoryModule, DevicesModule, FactorsModule],
  providers: [
    {
      provide: PasswordHasher,
      inject: [getConfigToken('auth')],
      useFactory: ({ argon2 }: AuthConfig) => new PasswordHasher(argon2),
    },
    AccountStore,
    AccountMaker,
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
    ChallengeGrants,
    FreshPasswordProof,
    UserReader,
    Register,
    LogIn,
    AnswerChallenge,
    RefreshSession,
    StepUp,
    ChangeProfile,
    BootstrapAdmin,
    SetAdministrator,
  ],
  exports: [
    AccessTokens,
    SessionStore,
    SessionEnder,
    UserReader,
    Register,
    LogIn,
    AnswerChallenge,
    RefreshSession,
    StepUp,
    ChangeProfile,
    BootstrapAdmin,
    SetAdministrator,
  ],
})
export class AuthModule {}
