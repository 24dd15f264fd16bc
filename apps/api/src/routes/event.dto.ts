import { IsIn, IsOptional, Validate } from 'class-validator';
import { EVENT_TYPES, type EventType } from '@countersign/core';
import { ExternalId, Moment } from './fields.js';
import { ListQueryDto } from './list.dto.js';

/** Which events are asked for, newest first. */
export class EventQueryDto extends ListQueryDto {
  /**
   * Events of this type only.
   * @example "challenge.failed"
   */
  @IsOptional()
  @IsIn(EVENT_TYPES, { message: `must be one of ${EVENT_TYPES.join(', ')}` })
  type?: EventType;

  /** Events about this user only: the application's own id, or the `usr_` id, by which an erased user is still known. */
  @IsOptional()
  @Validate(ExternalId)
  user?: string;

  /**
   * Events from this moment on.
   * @example "2026-11-01T00:00:00Z"
   */
  @IsOptional()
  @Validate(Moment)
  from?: string;

  /**
   * Events before this moment.
   * @example "2026-12-01T00:00:00Z"
   */
  @IsOptional()
  @Validate(Moment)
  to?: string;
}

/** The user that an event is about. */
export class EventUserDto {
  /** @example "usr_01jdc0m6bye5ts0kc28f7q9v3m" */
  id!: string;
  /** The application's own id; `null` once the user was erased. */
  externalId!: string | null;
}

/** Who did it. */
export class EventActorDto {
  type!: 'user' | 'api_key' | 'system';
  /**
   * The id of the user or key; `null` for the system and for strangers.
   * @example "key_01jdc0m6bye5ts0kc28f7q9v3m"
   */
  id!: string | null;
}

/** A fact of the audit log. */
export class EventDto {
  /** @example "evt_01jdc0m6bye5ts0kc28f7q9v3m" */
  id!: string;
  /** @example "factor.activated" */
  type!: EventType;
  /** @example "2026-11-23T08:00:00.000Z" */
  at!: string;
  user!: EventUserDto | null;
  actor!: EventActorDto;
  /** @example "203.0.113.7" */
  ip!: string | null;
  userAgent!: string | null;
  requestId!: string | null;
  /** What else there is to say, by ids and names of kinds. */
  data!: Record<string, unknown>;
}

/** A page of events. */
export class EventListDto {
  data!: EventDto[];
  /** Asks for the next page, of older events; `null` on the last. */
  nextCursor!: string | null;
}
