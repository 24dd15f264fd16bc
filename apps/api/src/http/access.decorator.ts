import { applyDecorators, SetMetadata } from '@nestjs/common';
import { ApiBearerAuth, ApiExtension, ApiSecurity } from '@nestjs/swagger';

/** What keys have scopes for. */
export type Resource = 'users' | 'factors' | 'challenges' | 'devices' | 'events' | 'webhooks';

/** Which credentials a route takes, and what each of them must be allowed. */
export interface Access {
  /** None where the route is open to everybody. */
  readonly takes: readonly ('access' | 'temp' | 'key')[];
  /** What a key's scope must name; whether to read or to write, the method says. Any key will do where it is absent. */
  readonly resource?: Resource;
  /** Whether an access token must be an administrator's, who acts on the application that `X-Application` names. */
  readonly managed?: boolean;
}

/** The access of a route that says nothing. */
export const OWN_ACCESS: Access = { takes: ['access'] };

/** The metadata keys that the guards read. */
export const ACCESS = 'countersign:access';
export const SENSITIVE = 'countersign:sensitive';
export const ENROLMENT_EXEMPT = 'countersign:enrolment-exempt';
export const VERIFICATION_EXEMPT = 'countersign:verification-exempt';
export const OR_COOKIE = 'countersign:or-cookie';
export const OF_USER = 'countersign:of-user';

/** Marks operations for the making of the OpenAPI document; they are not in what is served. */
export const BEFORE_ENROLMENT = 'x-before-enrolment';
export const BEFORE_VERIFICATION = 'x-before-verification';
export const SCOPED = 'x-scoped';

type Decorator = MethodDecorator & ClassDecorator;

/** Opens a route to callers without a credential. */
export function Public(): Decorator {
  return access({ takes: [] }, ApiSecurity({}));
}

/** Opens a route to servers with a key of the scope, and to the temp token of one challenge. */
export function ForServersOrTempToken(resource: Resource): Decorator {
  return access(
    { takes: ['key', 'temp'], resource },
    ApiSecurity('apiKey'),
    ApiBearerAuth('tempToken'),
    ApiExtension(SCOPED, resource),
  );
}

/** Opens a route to servers with a key of the scope, and to nobody else. */
export function ForServersOnly(resource: Resource): Decorator {
  return access({ takes: ['key'], resource }, ApiSecurity('apiKey'), ApiExtension(SCOPED, resource));
}

/** Opens a route to servers with a key of the scope, and to administrators. */
export function ForServers(resource: Resource): Decorator {
  return access(
    { takes: ['key', 'access'], resource, managed: true },
    ApiSecurity('apiKey'),
    ApiBearerAuth('accessToken'),
    ApiExtension(SCOPED, resource),
  );
}

/** Opens a route to administrators. */
export function ForAdministrators(): Decorator {
  return access({ takes: ['access'], managed: true }, ApiExtension(SCOPED, ''), ApiBearerAuth('accessToken'));
}

/** Opens a route to every user and every key. */
export function ForEverybodyKnown(): Decorator {
  return access({ takes: ['access', 'key'] }, ApiSecurity('apiKey'), ApiBearerAuth('accessToken'));
}

/** What a route under `/v1/users/{user}` takes the user for. */
export interface UserRoute {
  /** Whether the user may be one that nobody has heard of. */
  readonly mayBeNew?: boolean;
  /** Whether suspended users can be changed by it. */
  readonly suspendedToo?: boolean;
  /** Whether the route reads the user itself, with more that it needs. */
  readonly readsItself?: boolean;
}

/** Says how a route takes the user that its path names. Without it: an active user who exists. */
export function OfUser(route: UserRoute): Decorator {
  return SetMetadata(OF_USER, route);
}

/** Closes a route to users whose password or second factor was not proven in the last minutes. */
export function Sensitive(): MethodDecorator {
  return SetMetadata(SENSITIVE, true);
}

/** Opens a route to sessions that policy obliges to enrol a second factor first. */
export function BeforeEnrolment(): Decorator {
  return applyDecorators(SetMetadata(ENROLMENT_EXEMPT, true), ApiExtension(BEFORE_ENROLMENT, true));
}

/** Opens a route to the cookie that a session is in, and to nothing else: the route reads it itself. */
export function ByCookie(): Decorator {
  return access({ takes: [] }, ApiSecurity('cookie'));
}

/** Opens a route to the cookie that a session is in, too. */
export function OrCookie(): Decorator {
  return applyDecorators(SetMetadata(OR_COOKIE, true), ApiBearerAuth('accessToken'), ApiSecurity('cookie'));
}

/** Opens a route to accounts whose address policy obliges to be verified first. */
export function BeforeVerification(): Decorator {
  return applyDecorators(SetMetadata(VERIFICATION_EXEMPT, true), ApiExtension(BEFORE_VERIFICATION, true));
}

function access(of: Access, ...documented: Decorator[]): Decorator {
  return applyDecorators(SetMetadata(ACCESS, of), ...documented);
}
