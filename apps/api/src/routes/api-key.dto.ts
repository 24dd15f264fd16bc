import { Type } from 'class-transformer';
import {
  ArrayMinSize,
  ArrayUnique,
  IsArray,
  IsIn,
  IsInt,
  IsObject,
  IsOptional,
  IsString,
  Max,
  MaxLength,
  Min,
  MinLength,
  Validate,
  ValidateNested,
} from 'class-validator';
import { type Scope, SCOPES } from '@countersign/api-keys';
import { Moment, MayBeAbsent, Printable } from './fields.js';

const LONGEST_WINDOW_SECONDS = 86_400;
const MOST_REQUESTS = 1_000_000;
const LONGEST_GRACE_SECONDS = 30 * 86_400;

/** So many requests in so many seconds, counted across instances. */
export class KeyRateLimitDto {
  /** @example 600 */
  @IsInt()
  @Min(1)
  @Max(MOST_REQUESTS)
  limit!: number;

  /** @example 60 */
  @IsInt()
  @Min(1)
  @Max(LONGEST_WINDOW_SECONDS)
  windowSeconds!: number;
}

/** A new API key. */
export class CreateApiKeyDto {
  /**
   * What it is for.
   * @example "shop backend"
   */
  @IsString()
  @MinLength(1)
  @MaxLength(100)
  @Validate(Printable)
  name!: string;

  /**
   * What it may do.
   * @example ["factors:write", "challenges:write"]
   */
  @IsArray()
  @ArrayMinSize(1)
  @ArrayUnique()
  @IsIn(SCOPES, { each: true, message: `each must be one of ${SCOPES.join(', ')}` })
  scopes!: Scope[];

  /** Its own limit; the deployment's (600 a minute) where absent. */
  @IsOptional()
  @IsObject()
  @ValidateNested()
  @Type(() => KeyRateLimitDto)
  rateLimit?: KeyRateLimitDto | null;

  /** When it stops working; never where absent. */
  @IsOptional()
  @Validate(Moment)
  expiresAt?: string | null;
}

/** Changes of an API key; absent fields stay. */
export class ChangeApiKeyDto {
  /** @example "shop backend" */
  @MayBeAbsent()
  @IsString()
  @MinLength(1)
  @MaxLength(100)
  @Validate(Printable)
  name?: string;

  /** @example ["factors:write"] */
  @MayBeAbsent()
  @IsArray()
  @ArrayMinSize(1)
  @ArrayUnique()
  @IsIn(SCOPES, { each: true, message: `each must be one of ${SCOPES.join(', ')}` })
  scopes?: Scope[];

  /** `null` leaves it to the deployment. */
  @IsOptional()
  @IsObject()
  @ValidateNested()
  @Type(() => KeyRateLimitDto)
  rateLimit?: KeyRateLimitDto | null;

  /** `null` lets it live on. */
  @IsOptional()
  @Validate(Moment)
  expiresAt?: string | null;
}

/** How a key's old secret goes out of use. */
export class RotateApiKeyDto {
  /**
   * So long the secret before goes on working; a day where absent, not at all for 0.
   * @example 3600
   */
  @MayBeAbsent()
  @IsInt()
  @Min(0)
  @Max(LONGEST_GRACE_SECONDS)
  graceSeconds?: number;
}

/** An API key, without the secret that only its holder has. */
export class ApiKeyDto {
  /** @example "key_01jdc0m6bye5ts0kc28f7q9v3m" */
  id!: string;
  /** @example "shop backend" */
  name!: string;
  /**
   * How its text begins.
   * @example "cs_01jdc0m6bye5ts0kc28f7q9v3m"
   */
  prefix!: string;
  /** @example ["factors:write", "challenges:write"] */
  scopes!: Scope[];
  /** `null` where keys are not limited. */
  rateLimit!: KeyRateLimitDto | null;
  createdAt!: string;
  /** To the minute. */
  lastUsedAt!: string | null;
  expiresAt!: string | null;
  revokedAt!: string | null;
}

/** An API key whose text is shown this once. */
export class ShownApiKeyDto extends ApiKeyDto {
  /** @example "cs_01jdc0m6bye5ts0kc28f7q9v3m_4bTq0yJ9aXz2…" */
  key!: string;
}

/** A page of API keys. */
export class ApiKeyListDto {
  data!: ApiKeyDto[];
  /** Asks for the next page; `null` on the last. */
  nextCursor!: string | null;
}
