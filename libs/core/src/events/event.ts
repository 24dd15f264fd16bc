/** Every event name of the contract (api.md, "Webhooks"). There are no others. */
export const EVENT_TYPES = [
  'user.created',
  'user.updated',
  'user.deleted',
  'email.changed',
  'password.changed',
  'factor.enrolled',
  'factor.activated',
  'factor.removed',
  'factor.updated',
  'factor.locked',
  'factor.unlocked',
  'two_factor.enabled',
  'two_factor.disabled',
  'challenge.sent',
  'challenge.verified',
  'challenge.failed',
  'backup_codes.used',
  'backup_codes.low',
  'device.trusted',
  'device.revoked',
  'login.failed',
  'session.created',
  'session.stepped_up',
  'session.revoked',
  'session.reuse_detected',
  'api_key.created',
  'api_key.updated',
  'api_key.rotated',
  'api_key.revoked',
  'application.updated',
  'webhook.created',
  'webhook.updated',
  'webhook.disabled',
  'webhook.test',
] as const;

/** The name of an event. */
export type EventType = (typeof EVENT_TYPES)[number];

/** Who did it. */
export interface Actor {
  readonly type: 'user' | 'api_key' | 'system';
  /** TypeID of the user or key; `null` for the system and for strangers. */
  readonly id: string | null;
}

/** Where a change came from: the request that an event is written for. */
export interface Origin {
  readonly actor: Actor;
  readonly ip: string | null;
  readonly userAgent: string | null;
  readonly requestId: string | null;
  /** UUID of the session that asked, for subscribers that spare it; not kept with the event. */
  readonly sessionId: string | null;
}

/** The origin of what Countersign does by itself. */
export const SYSTEM_ORIGIN: Origin = {
  actor: { type: 'system', id: null },
  ip: null,
  userAgent: null,
  requestId: null,
  sessionId: null,
};

/** A fact for the audit log, and what webhooks deliver. */
export interface EventDraft {
  readonly type: EventType;
  /** UUIDs. */
  readonly applicationId: string;
  readonly userId: string | null;
  readonly origin: Origin;
  /** Ids and names of kinds only: no codes, tokens, addresses or anything that erasing a user would leave behind. */
  readonly data: Readonly<Record<string, unknown>>;
}
