import { Type } from 'class-transformer';
import { IsIP, IsObject, IsString, MaxLength, MinLength, Validate, ValidateNested } from 'class-validator';
import { LanguageTag, ExternalId, MayBeAbsent, Printable } from './fields.js';

/** A factor that a challenge offers. */
export class ChallengeFactorDto {
  /** @example "fac_01jdc0m6bye5ts0kc28f7q9v3m" */
  id!: string;
  /** @example "totp" */
  type!: string;
  /** @example "Countersign" */
  hint!: string;
  isDefault!: boolean;
}

/** Where a code went. */
export class SentDto {
  /** @example "fac_01jdc0m6bye5ts0kc28f7q9v3m" */
  factorId!: string;
  /**
   * The recipient, as its user may see it.
   * @example "+1•••••••67"
   */
  to!: string;
  /**
   * Seconds until another code can be sent.
   * @example 60
   */
  resendAfter!: number;
}

/** The factor that is to challenge its user. */
export class SendChallengeDto {
  /**
   * One of the challenge's factors.
   * @example "fac_01jdc0m6bye5ts0kc28f7q9v3m"
   */
  @IsString()
  @MaxLength(64)
  factorId!: string;
}

/** A code that was sent. */
export class SentCodeDto {
  sent!: SentDto;
}

/** What the client needs to make the answer. */
export class ShownChallengeDto {
  /** WebAuthn: the options for `navigator.credentials.get`. */
  publicKey?: Record<string, unknown>;
  /**
   * Seconds until the factor can be asked again for this challenge, where it may have sent something by itself.
   * @example 60
   */
  resendAfter?: number;
}

/** One try to prove a factor. */
export class ChallengeDto {
  /** @example "chl_01jdc0m6bye5ts0kc28f7q9v3m" */
  id!: string;
  status!: 'pending' | 'approved' | 'denied' | 'expired';
  purpose!: 'login' | 'step_up' | 'action';
  action!: string | null;
  expiresAt!: string;
  /** @example 5 */
  attemptsLeft!: number;
  factors!: ChallengeFactorDto[];
  /** The code that was sent last, if one was. */
  sent?: SentDto;
}

/** An open challenge and the token that opens it. */
export class OpenedChallengeDto {
  /** Sent as `Authorization: Bearer tmp_…` to the challenge's own routes; opens nothing else. */
  tempToken!: string;
  /**
   * Lifetime of the temp token in seconds.
   * @example 300
   */
  expiresIn!: number;
  challenge!: ChallengeDto;
}

/** A login that needs its second factor. */
export class ChallengeRequiredDto extends OpenedChallengeDto {
  /** @example "challenge_required" */
  status!: 'challenge_required';
}

/** Where the user is, as the server sees them: for the audit log and the notices. */
export class ChallengeContextDto {
  /** @example "203.0.113.7" */
  @MayBeAbsent()
  @IsString()
  @IsIP()
  ip?: string;

  /** @example "Mozilla/5.0" */
  @MayBeAbsent()
  @IsString()
  @MaxLength(512)
  @Validate(Printable)
  userAgent?: string;
}

/** What a server wants to have proven. */
export class OpenChallengeDto {
  /**
   * The application's own id for the user.
   * @example "user-1234"
   */
  @IsString()
  @Validate(ExternalId)
  user!: string;

  /**
   * What is to be approved; a login of the application's own where absent.
   * @example "transfer"
   */
  @MayBeAbsent()
  @IsString()
  @MinLength(1)
  @MaxLength(100)
  @Validate(Printable)
  action?: string;

  /**
   * The particulars of the action, at most 2 KiB in canonical form (RFC 8785). Only their hash is kept; the assertion
   * carries it as `details_hash`. Numbers that a double does not hold exactly are refused.
   */
  @MayBeAbsent()
  @IsObject()
  details?: Record<string, unknown>;

  /**
   * Asks for this one factor only; for any of the user's where absent.
   * @example "fac_01jdc0m6bye5ts0kc28f7q9v3m"
   */
  @MayBeAbsent()
  @IsString()
  @MaxLength(64)
  factorId?: string;

  /** The token of a trusted device, which stands in for the second factor where neither action nor factor is named. */
  @MayBeAbsent()
  @IsString()
  @MaxLength(4_096)
  deviceToken?: string;

  @MayBeAbsent()
  @IsObject()
  @ValidateNested()
  @Type(() => ChallengeContextDto)
  context?: ChallengeContextDto;

  /**
   * The language of what is sent (BCP 47); the user's own where absent.
   * @example "de"
   */
  @MayBeAbsent()
  @IsString()
  @LanguageTag()
  locale?: string;
}

/** A challenge as the server that opened it sees it. */
export class ServerChallengeDto extends ChallengeDto {
  /** A signed JWT, where a trusted device stood in. */
  assertion?: string;
}

/** The factor that was answered. */
export class AnsweredFactorDto {
  /** @example "fac_01jdc0m6bye5ts0kc28f7q9v3m" */
  id!: string;
  /** @example "totp" */
  type!: string;
}

/** What a server gets for a right answer. */
export class ApprovedDto {
  /** @example "approved" */
  status!: 'approved';
  /**
   * A JWT (`typ: 2fa-assertion+jwt`, ES256) of five minutes, to be verified with the keys of
   * `/.well-known/jwks.json`.
   */
  assertion!: string;
  /** Given once where the device was to be trusted. */
  deviceToken?: string;
  factor!: AnsweredFactorDto;
}
