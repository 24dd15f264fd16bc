import { type DynamicModule, Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { apiKeysEntities, ApiKeysModule } from '@countersign/api-keys';
import { authEntities, AuthModule } from '@countersign/auth';
import { type Clock, type CoreConfig, coreEntities, CoreModule, type LoadedConfig } from '@countersign/core';
import { deliveryEntities, DeliveryModule } from '@countersign/delivery';
import { devicesEntities, DevicesModule } from '@countersign/devices';
import { directoryEntities, DirectoryModule } from '@countersign/directory';
import { type FactorsConfig, factorsEntities, FactorsModule } from '@countersign/factors';
import { webhooksEntities, WebhooksModule } from '@countersign/webhooks';
import { loadFactorModules } from './factor-modules.js';
import { factorProviders } from './factors.js';
import { AccessGuard } from './http/access.guard.js';
import { AdministeredApplications } from './http/administered-applications.js';
import { BoundedLookups } from './http/bounded-lookups.js';
import { Callers } from './http/callers.js';
import { CookieSessions } from './http/cookie-sessions.js';
import { CredentialGuard } from './http/credential.guard.js';
import { CsrfTokens } from './http/csrf-tokens.js';
import { Deployment } from './http/deployment.js';
import { Idempotency } from './http/idempotency.js';
import { KeyScopes } from './http/key-scopes.js';
import { PolicyCheck } from './http/policy-check.js';
import { RateLimitGuard } from './http/rate-limit.guard.js';
import { StepUpCheck } from './http/step-up-check.js';
import { RefuseUnaskedFields } from './http/unasked-fields.js';
import { UserGuard } from './http/user.guard.js';
import { ActivationController, UserActivationController } from './routes/activation.controller.js';
import { ApiKeyChangesController } from './routes/api-key-changes.controller.js';
import { ApiKeyController } from './routes/api-key.controller.js';
import { ApplicationController } from './routes/application.controller.js';
import { ChallengeAnswerController } from './routes/challenge-answer.controller.js';
import { ChallengeController } from './routes/challenge.controller.js';
import { DeliveryController } from './routes/delivery.controller.js';
import { DevelopmentController } from './routes/development.controller.js';
import { DeviceController, UserDeviceController } from './routes/device.controller.js';
import { EnrolmentController, UserEnrolmentController } from './routes/enrolment.controller.js';
import { EmailController } from './routes/email.controller.js';
import { EventController } from './routes/event.controller.js';
import { FactorTypeController } from './routes/factor-type.controller.js';
import { FactorController, UserFactorController } from './routes/factor.controller.js';
import { HealthController } from './routes/health.controller.js';
import { JwksController } from './routes/jwks.controller.js';
import { LinkPageController } from './routes/link-page.controller.js';
import { LoginController } from './routes/login.controller.js';
import { MeController } from './routes/me.controller.js';
import { PasswordController } from './routes/password.controller.js';
import { PolicyBodies } from './routes/policy-bodies.js';
import { ProblemPageController } from './routes/problem-page.controller.js';
import { RefreshController } from './routes/refresh.controller.js';
import { RegistrationController } from './routes/registration.controller.js';
import { VerifyBudget } from './routes/rejected-answer.js';
import { ResyncController, UserResyncController } from './routes/resync.controller.js';
import { ServerAnswers } from './routes/server-answers.js';
import { SessionController } from './routes/session.controller.js';
import { StepUpController } from './routes/step-up.controller.js';
import { UnlockController } from './routes/unlock.controller.js';
import { UserVerificationController } from './routes/user-verification.controller.js';
import { WebhookChangesController } from './routes/webhook-changes.controller.js';
import { WebhookDeliveryController } from './routes/webhook-delivery.controller.js';
import { WebhookController } from './routes/webhook.controller.js';
import { UserController } from './routes/user.controller.js';

/** Every table of every library. */
export const entities = [
  ...coreEntities,
  ...directoryEntities,
  ...devicesEntities,
  ...apiKeysEntities,
  ...deliveryEntities,
  ...webhooksEntities,
  ...factorsEntities,
  ...authEntities,
];

/** What every role answers but the worker's, which only tells its health. */
const controllers = [
  RegistrationController,
  LoginController,
  RefreshController,
  PasswordController,
  EmailController,
  SessionController,
  StepUpController,
  MeController,
  FactorTypeController,
  FactorController,
  EnrolmentController,
  ActivationController,
  ResyncController,
  ChallengeController,
  ChallengeAnswerController,
  DeviceController,
  UserController,
  UserVerificationController,
  UserFactorController,
  UserEnrolmentController,
  UserActivationController,
  UserResyncController,
  UnlockController,
  UserDeviceController,
  ApiKeyController,
  ApiKeyChangesController,
  ApplicationController,
  EventController,
  WebhookController,
  WebhookChangesController,
  WebhookDeliveryController,
  DeliveryController,
  JwksController,
  HealthController,
  ProblemPageController,
  LinkPageController,
];

const guards = [
  CredentialGuard,
  RateLimitGuard,
  AccessGuard,
  UserGuard,
  Idempotency,
  RefuseUnaskedFields,
].map((useClass) => ({ provide: APP_GUARD, useClass }));

/** The whole house: every module, every route, and the guards that each request passes in this order. */
@Module({})
export class AppModule {
  /** @throws StartFailure where a module of FACTOR_MODULES cannot be used */
  static async forRoot(config: LoadedConfig, databaseUrl: string, clock: Clock): Promise<DynamicModule> {
    const { modules, providers } = await loadFactorModules(
      (config.slices['factors'] as FactorsConfig).modules,
    );
    const { role, production } = config.slices['core'] as CoreConfig;
    const serves = role !== 'worker';
    const served = production ? controllers : [...controllers, DevelopmentController];
    return {
      module: AppModule,
      imports: [
        CoreModule.forRoot({ config, databaseUrl, entities, clock }),
        DirectoryModule,
        DevicesModule,
        ApiKeysModule,
        DeliveryModule,
        WebhooksModule,
        FactorsModule,
        AuthModule,
        ...modules,
      ],
      controllers: serves ? served : [HealthController],
      providers: [
        ...factorProviders,
        ...providers,
        StepUpCheck,
        Deployment,
        BoundedLookups,
        KeyScopes,
        CsrfTokens,
        CookieSessions,
        Callers,
        PolicyCheck,
        VerifyBudget,
        ServerAnswers,
        AdministeredApplications,
        PolicyBodies,
        ...(serves ? guards : []),
      ],
    };
  }
}
