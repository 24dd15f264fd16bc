import type { ApiKey } from '@countersign/api-keys';
import type { Origin } from '@countersign/core';
import { publicId } from '@countersign/core';
import type { AccessTokenClaims, SessionOfAccount } from '@countersign/auth';
import type { Application, KnownUser } from '@countersign/directory';
import type { FastifyRequest } from 'fastify';
import { clientAddress, GONE } from './address.js';

/** What the `Authorization` header brought, before anybody has looked it up. */
export type Credential =
  | { readonly kind: 'none' }
  /** A valid access token; whether its session still lives is not known yet. */
  | { readonly kind: 'access'; readonly claims: AccessTokenClaims }
  | { readonly kind: 'temp'; readonly token: string }
  /** A live API key. */
  | { readonly kind: 'key'; readonly key: ApiKey }
  /** What looks like an API key and is none. */
  | { readonly kind: 'invalid-key' }
  /** Two that differ. */
  | { readonly kind: 'several' }
  /** Anything else: malformed, expired, of a kind that opens no route; `came` says what it looks like. */
  | { readonly kind: 'invalid'; readonly came: string };

/** Who calls with an access token, and how fresh their proofs are. */
export interface Caller extends SessionOfAccount {
  readonly claims: AccessTokenClaims;
}

declare module 'fastify' {
  interface FastifyRequest {
    credential?: Credential;
    application?: Application;
    /** Whether the request itself says which application it is about, by its credential or by `X-Application`. */
    namesApplication?: boolean;
    caller?: Caller;
    /** The user that the path names. */
    user?: KnownUser;
  }
}

const LONGEST_USER_AGENT = 512;

/** Where a request came from, for events and sessions. */
export function originOf(request: FastifyRequest): Origin {
  const userAgent = request.headers['user-agent'];
  const { caller } = request;
  const address = clientAddress(request);
  return {
    actor: actorOf(request),
    ip: address === GONE ? null : address,
    userAgent: userAgent === undefined ? null : printable(userAgent).slice(0, LONGEST_USER_AGENT),
    requestId: request.id,
    sessionId: caller?.session.id ?? null,
  };
}

function actorOf({ caller, credential }: FastifyRequest): Origin['actor'] {
  if (credential?.kind === 'key') return { type: 'api_key', id: publicId('key', credential.key.id) };
  return { type: 'user', id: caller === undefined ? null : publicId('usr', caller.account.id) };
}

/** The application that a guard has found for this request. */
export function applicationOf(request: FastifyRequest): Application {
  if (request.application === undefined) throw new Error('No guard has found the application');
  return request.application;
}

/** The application that the request itself names; `undefined` where it names none. */
export function namedApplicationOf(request: FastifyRequest): Application | undefined {
  return request.headers['x-application'] === undefined ? undefined : applicationOf(request);
}

/** The caller that a guard has let in. */
export function callerOf(request: FastifyRequest): Caller {
  if (request.caller === undefined) throw new Error('No guard has let the caller in');
  return request.caller;
}

/** The user whom a guard has found by the path. */
export function userOf(request: FastifyRequest): KnownUser {
  if (request.user === undefined) throw new Error('No guard has found the user');
  return request.user;
}

/** TypeID of the session or key that asks: what it begins, only it may go on with. */
export function askerOf({ caller, credential }: FastifyRequest): string {
  if (credential?.kind === 'key') return publicId('key', credential.key.id);
  if (caller === undefined) throw new Error('No guard has let the caller in');
  return publicId('ses', caller.session.id);
}

// Header values may hold any byte but line ends; what is kept and logged has no control characters.
function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cs}]/gu, '');
}
