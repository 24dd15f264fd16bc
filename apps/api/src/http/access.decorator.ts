import { applyDecorators, SetMetadata } from '@nestjs/common';
import { ApiBearerAuth, ApiExtension, ApiSecurity } from '@nestjs/swagger';

/** Which credential a route takes. A route that says nothing takes an access token. */
export type Access = 'access-token' | 'temp-token' | 'public';

/** The metadata keys that the guards read. */
export const ACCESS = 'countersign:access';
export const SENSITIVE = 'countersign:sensitive';
export const ENROLMENT_EXEMPT = 'countersign:enrolment-exempt';

/** Marks operations for the making of the OpenAPI document; it is not in what is served. */
export const BEFORE_ENROLMENT = 'x-before-enrolment';

/** Opens a route to callers without a credential. */
export function Public(): MethodDecorator & ClassDecorator {
  return applyDecorators(SetMetadata(ACCESS, 'public' satisfies Access), ApiSecurity({}));
}

/** Opens a route to the temp token of one challenge, and to nothing else. */
export function TempToken(): MethodDecorator & ClassDecorator {
  return applyDecorators(SetMetadata(ACCESS, 'temp-token' satisfies Access), ApiBearerAuth('tempToken'));
}

/** Closes a route to those whose password or second factor was not proven in the last minutes. */
export function Sensitive(): MethodDecorator {
  return SetMetadata(SENSITIVE, true);
}

/** Opens a route to sessions that policy obliges to enrol a second factor first. */
export function BeforeEnrolment(): MethodDecorator & ClassDecorator {
  return applyDecorators(SetMetadata(ENROLMENT_EXEMPT, true), ApiExtension(BEFORE_ENROLMENT, true));
}
