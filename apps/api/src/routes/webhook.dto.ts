import { IsIn, IsOptional, IsString, MaxLength, Validate } from 'class-validator';
import type { Wanted } from '@countersign/webhooks';
import { MayBeAbsent, Moment, Printable, WantedEvents } from './fields.js';

/** A new webhook. */
export class CreateWebhookDto {
  /**
   * Where events are sent by POST: https, public, without user name and password.
   * @example "https://shop.example.com/countersign"
   */
  @IsString()
  @MaxLength(2_048)
  url!: string;

  /**
   * The types of events that it is told of; `["*"]` for all but `login.failed`, which has to be named.
   * @example ["factor.activated", "challenge.failed"]
   */
  @Validate(WantedEvents)
  events!: Wanted[];

  /** @example "security desk" */
  @IsOptional()
  @IsString()
  @MaxLength(200)
  @Validate(Printable)
  description?: string | null;
}

/** Changes of a webhook; absent fields stay. */
export class ChangeWebhookDto {
  /** @example "https://shop.example.com/countersign" */
  @MayBeAbsent()
  @IsString()
  @MaxLength(2_048)
  url?: string;

  /** @example ["*"] */
  @MayBeAbsent()
  @Validate(WantedEvents)
  events?: Wanted[];

  /** `null` clears it. */
  @IsOptional()
  @IsString()
  @MaxLength(200)
  @Validate(Printable)
  description?: string | null;

  /** A disabled webhook is told nothing; what happened meanwhile can be redelivered. */
  @MayBeAbsent()
  @IsIn(['enabled', 'disabled'])
  status?: 'enabled' | 'disabled';
}

/** From when on events are delivered again. */
export class RedeliverDto {
  /** @example "2026-11-27T00:00:00Z" */
  @Validate(Moment)
  since!: string;
}

/** Where an application's events are delivered to. */
export class WebhookDto {
  /** @example "whk_01jdc0m6bye5ts0kc28f7q9v3m" */
  id!: string;
  /** @example "https://shop.example.com/countersign" */
  url!: string;
  /** @example ["*"] */
  events!: Wanted[];
  /** @example "security desk" */
  description!: string | null;
  status!: 'enabled' | 'disabled';
  createdAt!: string;
}

/** A webhook whose secret is shown this once. */
export class ShownWebhookDto extends WebhookDto {
  /**
   * Verifies the signatures of its messages (Standard Webhooks).
   * @example "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
   */
  secret!: string;
}

/** A page of webhooks. */
export class WebhookListDto {
  data!: WebhookDto[];
  /** Asks for the next page; `null` on the last. */
  nextCursor!: string | null;
}

/** An event on its way to a webhook. */
export class DeliveryDto {
  /** @example "dlv_01jdc0m6bye5ts0kc28f7q9v3m" */
  id!: string;
  /** @example "evt_01jdc0m6bye5ts0kc28f7q9v3m" */
  eventId!: string;
  /** @example "factor.activated" */
  type!: string;
  /** Attempts that were made. */
  attempt!: number;
  status!: 'pending' | 'succeeded' | 'failed';
  /** @example 204 */
  responseStatus!: number | null;
  /** The first 1,024 bytes of the answer; nothing of what a private network says. */
  responseExcerpt!: string | null;
  /**
   * Why the last attempt came to nothing, in a word.
   * @example "timeout"
   */
  error!: string | null;
  createdAt!: string;
  nextAttemptAt!: string | null;
}

/** A page of deliveries. */
export class DeliveryListDto {
  data!: DeliveryDto[];
  /** Asks for the next page, of older ones; `null` on the last. */
  nextCursor!: string | null;
}
