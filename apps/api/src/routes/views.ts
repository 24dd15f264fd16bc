import { type ApiKey, keyPrefix } from '@countersign/api-keys';
import type { AnyUser, IssuedSession, SessionView } from '@countersign/auth';
import { parsePublicId, publicId, type RelayedEvent } from '@countersign/core';
import type { Application } from '@countersign/directory';
import type { Device } from '@countersign/devices';
import {
  type Approval,
  type Challenge,
  type FactorView,
  type OpenedChallenge,
  type SentTo,
  TRIES_PER_CHALLENGE,
} from '@countersign/factors';
import type { Delivery, Webhook } from '@countersign/webhooks';
import type { SessionInCookie } from '../http/cookie-sessions.js';
import type { ApplicationDto } from './application.dto.js';
import type { ApiKeyDto } from './api-key.dto.js';
import type { SessionDto, SessionTokensDto, UserDto } from './account.dto.js';
import type { ApprovedDto, ChallengeDto, OpenedChallengeDto, SentDto } from './challenge.dto.js';
import type { DeviceDto } from './device.dto.js';
import type { EventDto } from './event.dto.js';
import type { FactorDto } from './factor.dto.js';
import type { DeliveryDto, WebhookDto } from './webhook.dto.js';

/** A user as the API shows them. */
export function userView(account: AnyUser): UserDto {
  const { id, externalId, email, emailVerified, displayName, locale, status, role, twoFactorEnabled } =
    account;
  return {
    id: publicId('usr', id),
    externalId,
    email,
    emailVerified,
    displayName,
    locale,
    status,
    role,
    twoFactorEnabled,
    ...(account.secondFactorRemovedAt === null
      ? {}
      : { secondFactorRemovedAt: account.secondFactorRemovedAt.toISOString() }),
    createdAt: account.createdAt.toISOString(),
  };
}

/** A new session as the API shows it. */
export function tokensView({ account, ...tokens }: IssuedSession | SessionInCookie): SessionTokensDto {
  return { user: userView(account), ...tokens };
}

/** A session as lists show it. */
export function sessionView(session: SessionView, currentId: string): SessionDto {
  return {
    id: publicId('ses', session.id),
    current: session.id === currentId,
    createdAt: session.createdAt.toISOString(),
    lastUsedAt: session.lastUsedAt.toISOString(),
    expiresAt: session.expiresAt.toISOString(),
    ip: session.ip,
    userAgent: session.userAgent,
    amr: [...session.amr],
  };
}

/** A factor as the API shows it. */
export function factorView(factor: FactorView): FactorDto {
  return {
    id: publicId('fac', factor.id),
    type: factor.type,
    label: factor.label,
    status: factor.status,
    hint: factor.hint,
    isDefault: factor.isDefault,
    lockedAt: factor.lockedAt?.toISOString() ?? null,
    createdAt: factor.createdAt.toISOString(),
    lastUsedAt: factor.lastUsedAt?.toISOString() ?? null,
  };
}

/** A challenge that was just opened. */
export function openedChallengeView({ challenge, tempToken, ttlMs }: OpenedChallenge): OpenedChallengeDto {
  return {
    tempToken,
    expiresIn: Math.floor(ttlMs / 1_000),
    challenge: challengeView(challenge, 'pending', TRIES_PER_CHALLENGE),
  };
}

/** A challenge as the API shows it. */
export function challengeView(
  challenge: Challenge,
  status: ChallengeDto['status'],
  attemptsLeft: number,
): ChallengeDto {
  return {
    id: publicId('chl', challenge.id),
    status,
    purpose: challenge.purpose,
    action: challenge.asked?.action ?? null,
    expiresAt: challenge.expiresAt,
    attemptsLeft,
    factors: challenge.factors.map(({ id, type, hint, isDefault }) => ({
      id: publicId('fac', id),
      type,
      hint,
      isDefault,
    })),
    ...(challenge.sent === undefined ? {} : { sent: sentView(challenge.sent) }),
  };
}

/** What a server gets for a right answer. */
export function approvedView({ assertion, deviceToken, factor }: Approval): ApprovedDto {
  return {
    status: 'approved',
    assertion,
    ...(deviceToken === undefined ? {} : { deviceToken }),
    factor: { id: publicId('fac', factor.id), type: factor.type },
  };
}

/** Where a challenge's code went. */
export function sentView({ factorId, to, resendAfter }: SentTo): SentDto {
  return { factorId: publicId('fac', factorId), to, resendAfter };
}

/** A trusted device as the API shows it. */
export function deviceView(device: Device): DeviceDto {
  return {
    id: publicId('dev', device.id),
    name: device.name,
    createdAt: device.createdAt.toISOString(),
    lastUsedAt: device.lastUsedAt?.toISOString() ?? null,
    expiresAt: device.expiresAt.toISOString(),
    ip: device.ip,
    userAgent: device.userAgent,
  };
}

/**
 * An API key as administrators see it.
 * @param rateLimit the limit that it is under
 */
export function apiKeyView(key: ApiKey, rateLimit: ApiKeyDto['rateLimit']): ApiKeyDto {
  return {
    id: publicId('key', key.id),
    name: key.name,
    prefix: keyPrefix(key.id),
    scopes: [...key.scopes],
    rateLimit,
    createdAt: key.createdAt.toISOString(),
    lastUsedAt: key.lastUsedAt?.toISOString() ?? null,
    expiresAt: key.expiresAt?.toISOString() ?? null,
    revokedAt: key.revokedAt?.toISOString() ?? null,
  };
}

/** An application as its administrators see it. */
export function applicationView(application: Application): ApplicationDto {
  const { id, name, slug, issuer, allowedOrigins, policy, createdAt } = application;
  const { allowedFactorTypes } = policy;
  return {
    id: publicId('app', id),
    name,
    slug,
    issuer,
    allowedOrigins: [...allowedOrigins],
    policy: {
      ...policy,
      allowedFactorTypes: allowedFactorTypes === null ? null : [...allowedFactorTypes],
    },
    createdAt: createdAt.toISOString(),
  };
}

/** The users that an event is about, and who did it. UUIDs. */
export function personsOf({ userId, actorType, actorId }: RelayedEvent): string[] {
  const actor = actorType === 'user' && actorId !== null ? parsePublicId('usr', actorId) : undefined;
  return [userId, actor].filter((id) => typeof id === 'string');
}

/**
 * An event as the audit log shows it.
 * @param externalIds the applications' own ids of users, by UUID
 */
export function eventView(event: RelayedEvent, externalIds: ReadonlyMap<string, string>): EventDto {
  const { userId } = event;
  // Of an erased user nothing is shown, also while workers are still clearing it.
  const erased = personsOf(event).some((id) => !externalIds.has(id));
  return {
    id: publicId('evt', event.id),
    type: event.type,
    at: event.at.toISOString(),
    user:
      userId === null ? null : { id: publicId('usr', userId), externalId: externalIds.get(userId) ?? null },
    actor: { type: event.actorType, id: event.actorId },
    ip: erased ? null : event.ip,
    userAgent: erased ? null : event.userAgent,
    requestId: event.requestId,
    data: { ...event.data },
  };
}

/** A webhook as its administrators see it. */
export function webhookView({ id, url, events, description, status, createdAt }: Webhook): WebhookDto {
  return {
    id: publicId('whk', id),
    url,
    events: [...events],
    description,
    status,
    createdAt: createdAt.toISOString(),
  };
}

/** A delivery as its webhook's administrators see it. */
export function deliveryView(delivery: Delivery): DeliveryDto {
  return {
    id: publicId('dlv', delivery.id),
    eventId: publicId('evt', delivery.eventId),
    type: delivery.eventType,
    attempt: delivery.attempt,
    status: delivery.status,
    responseStatus: delivery.responseStatus,
    responseExcerpt: delivery.responseExcerpt,
    error: delivery.error,
    createdAt: delivery.createdAt.toISOString(),
    nextAttemptAt: delivery.nextAttemptAt?.toISOString() ?? null,
  };
}
