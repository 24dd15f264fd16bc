import {
  ArrayMaxSize,
  ArrayMinSize,
  Equals,
  IsArray,
  IsOptional,
  IsString,
  MaxLength,
  Validate,
} from 'class-validator';
import { MayBeAbsent, Printable } from './fields.js';

/** Changes of a factor; absent fields stay. */
export class ChangeFactorDto {
  /**
   * How the user calls the factor; `null` clears it.
   * @example "My phone"
   */
  @IsOptional()
  @IsString()
  @MaxLength(100)
  @Validate(Printable)
  label?: string | null;

  /** Makes it the factor that a code without a factor id is for. */
  @MayBeAbsent()
  @Equals(true, { message: 'can only be true: make another factor the default instead' })
  isDefault?: boolean;
}

/** Two codes that an authenticator app showed, one after the other. */
export class ResyncFactorDto {
  /**
   * The earlier code first.
   * @example ["123456", "654321"]
   */
  @IsArray()
  @ArrayMinSize(2)
  @ArrayMaxSize(2)
  @IsString({ each: true })
  @MaxLength(64, { each: true })
  codes!: string[];
}

/** One enrolled method of one user. */
export class FactorDto {
  /** @example "fac_01jdc0m6bye5ts0kc28f7q9v3m" */
  id!: string;
  /** @example "totp" */
  type!: string;
  /** @example "My phone" */
  label!: string | null;
  status!: 'pending' | 'active';
  /**
   * Tells the user which one it is, without giving anything away.
   * @example "Countersign"
   */
  hint!: string;
  isDefault!: boolean;
  /** Since when it takes no answers, after a hundred wrong ones in a row. */
  lockedAt!: string | null;
  createdAt!: string;
  lastUsedAt!: string | null;
}

/** A page of factors. */
export class FactorListDto {
  data!: FactorDto[];
  /** Asks for the next page; `null` on the last. */
  nextCursor!: string | null;
}

/** A factor that is active now. */
export class ActivatedFactorDto {
  factor!: FactorDto;
  /**
   * Ten codes, shown this once, with the user's first factor.
   * @example ["7Q3K-9M2X-4TDV-HJ8R"]
   */
  backupCodes?: string[];
  /**
   * An access token of the session that activated it, with a fresh `mfa_time`; absent for servers, and for codes that
   * go to the account's own address.
   */
  accessToken?: string;
  /**
   * Lifetime of the access token in seconds.
   * @example 900
   */
  expiresIn?: number;
}

/** A new code for an enrolment. */
export class EnrolmentCodeDto {
  /**
   * Where it went, as its user may see it.
   * @example "+1•••••••67"
   */
  sentTo!: string;
  /**
   * Seconds until another can be sent.
   * @example 60
   */
  resendAfter!: number;
}

/** A factor type that this deployment and the application offer. */
export class FactorTypeDto {
  /** @example "totp" */
  type!: string;
  /** @example "Authenticator app" */
  title!: string;
  /** JSON Schema (2020-12) of an enrolment's own fields. */
  enrolSchema!: Record<string, unknown>;
  /** JSON Schema (2020-12) of an answer. */
  answerSchema!: Record<string, unknown>;
  /** How codes reach the user; `none` where the user makes them. */
  delivery!: string;
}

/** A page of factor types. */
export class FactorTypeListDto {
  data!: FactorTypeDto[];
  /** Asks for the next page; `null` on the last. */
  nextCursor!: string | null;
}
