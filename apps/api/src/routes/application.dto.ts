import { Transform, Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayUnique,
  IsArray,
  IsBoolean,
  IsIn,
  IsInt,
  IsObject,
  IsOptional,
  IsString,
  Matches,
  Max,
  MaxLength,
  Min,
  MinLength,
  Validate,
  ValidateNested,
} from 'class-validator';
import { LanguageTag, MayBeAbsent, Printable, WebOrigin } from './fields.js';

const SLUG = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
const NOTICES = [
  'factorAdded',
  'factorRemoved',
  'backupCodesUsed',
  'backupCodesLow',
  'passwordChanged',
  'sessionReuse',
] as const;

/** What the owners of accounts are told by mail, each on or off; absent ones stay. */
export class NoticesDto {
  @MayBeAbsent()
  @IsBoolean()
  factorAdded?: boolean;

  @MayBeAbsent()
  @IsBoolean()
  factorRemoved?: boolean;

  @MayBeAbsent()
  @IsBoolean()
  backupCodesUsed?: boolean;

  @MayBeAbsent()
  @IsBoolean()
  backupCodesLow?: boolean;

  @MayBeAbsent()
  @IsBoolean()
  passwordChanged?: boolean;

  @MayBeAbsent()
  @IsBoolean()
  sessionReuse?: boolean;
}

/** What an application decides for its users; absent parts stay. */
export class PolicyDto {
  /** Whether anybody can make an account. */
  @MayBeAbsent()
  @IsIn(['open', 'closed'])
  registration?: 'open' | 'closed';

  /** Whether accounts need a verified address; only where this deployment sends mail. */
  @MayBeAbsent()
  @IsBoolean()
  requireVerifiedEmail?: boolean;

  /** Whether a session without a second factor opens only enrolment. */
  @MayBeAbsent()
  @IsBoolean()
  requireSecondFactor?: boolean;

  /**
   * Factor types that may be enrolled; `null` allows all that the deployment offers.
   * @example ["totp", "backup_code"]
   */
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(50)
  @ArrayUnique()
  @IsString({ each: true })
  @MaxLength(32, { each: true })
  allowedFactorTypes?: string[] | null;

  /** Whether a device can be trusted to skip the second factor. */
  @MayBeAbsent()
  @IsBoolean()
  trustedDevices?: boolean;

  /** What the owners of accounts are told by mail; `true` or `false` turns all of it on or off. */
  @MayBeAbsent()
  @Transform(({ value }: { value: unknown }) => eachNotice(value))
  @IsObject({ message: 'must be an object of notices, or one value for all of them' })
  @ValidateNested()
  @Type(() => NoticesDto)
  notices?: NoticesDto;

  /**
   * The language of what is sent to users whose own is not known (BCP 47).
   * @example "en"
   */
  @MayBeAbsent()
  @IsString()
  @LanguageTag()
  defaultLocale?: string;

  /** Text messages of a day; `null` leaves it to the deployment. */
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(100_000_000)
  smsDailyLimit?: number | null;

  /** Codes by e-mail of a day; `null` leaves it to the deployment. */
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(100_000_000)
  emailDailyLimit?: number | null;
}

/** A new application. */
export class CreateApplicationDto {
  /** @example "The Shop" */
  @IsString()
  @MinLength(1)
  @MaxLength(100)
  @Validate(Printable)
  name!: string;

  /**
   * Its name in `X-Application` and the audience of its assertions. It never changes.
   * @example "shop"
   */
  @IsString()
  @Matches(SLUG, { message: 'must have 1 to 63 lower-case letters, digits and inner dashes' })
  slug!: string;

  /**
   * What authenticator apps and messages show; the name where absent. Without a colon, which the apps cannot show.
   * @example "The Shop"
   */
  @MayBeAbsent()
  @IsString()
  @MinLength(1)
  @MaxLength(64)
  @Matches(/^[^:\p{Cc}]*$/u, { message: 'must have no colon and no control characters' })
  issuer?: string;

  /**
   * Browser origins that may call the API for this application.
   * @example ["https://shop.example.com"]
   */
  @MayBeAbsent()
  @IsArray()
  @ArrayMaxSize(50)
  @ArrayUnique()
  @Validate(WebOrigin, { each: true })
  allowedOrigins?: string[];

  @MayBeAbsent()
  @IsObject()
  @ValidateNested()
  @Type(() => PolicyDto)
  policy?: PolicyDto;
}

/** Changes of an application; absent fields, and absent parts of its policy, stay. */
export class ChangeApplicationDto {
  /** @example "The Shop" */
  @MayBeAbsent()
  @IsString()
  @MinLength(1)
  @MaxLength(100)
  @Validate(Printable)
  name?: string;

  /** @example "The Shop" */
  @MayBeAbsent()
  @IsString()
  @MinLength(1)
  @MaxLength(64)
  @Matches(/^[^:\p{Cc}]*$/u, { message: 'must have no colon and no control characters' })
  issuer?: string;

  /** @example ["https://shop.example.com"] */
  @MayBeAbsent()
  @IsArray()
  @ArrayMaxSize(50)
  @ArrayUnique()
  @Validate(WebOrigin, { each: true })
  allowedOrigins?: string[];

  @MayBeAbsent()
  @IsObject()
  @ValidateNested()
  @Type(() => PolicyDto)
  policy?: PolicyDto;
}

/** Each notice, on or off. */
export class WholeNoticesDto {
  factorAdded!: boolean;
  factorRemoved!: boolean;
  backupCodesUsed!: boolean;
  backupCodesLow!: boolean;
  passwordChanged!: boolean;
  sessionReuse!: boolean;
}

/** A whole policy. */
export class WholePolicyDto {
  registration!: 'open' | 'closed';
  requireVerifiedEmail!: boolean;
  requireSecondFactor!: boolean;
  /** `null` allows every type that the deployment offers. */
  allowedFactorTypes!: string[] | null;
  trustedDevices!: boolean;
  notices!: WholeNoticesDto;
  /** @example "en" */
  defaultLocale!: string;
  /** `null` leaves it to the deployment. */
  smsDailyLimit!: number | null;
  /** `null` leaves it to the deployment. */
  emailDailyLimit!: number | null;
}

/** A tenant: one product that integrates Countersign. */
export class ApplicationDto {
  /** @example "app_01jdc0m6bye5ts0kc28f7q9v3m" */
  id!: string;
  /** @example "The Shop" */
  name!: string;
  /** @example "shop" */
  slug!: string;
  /** @example "The Shop" */
  issuer!: string;
  /** @example ["https://shop.example.com"] */
  allowedOrigins!: string[];
  policy!: WholePolicyDto;
  createdAt!: string;
}

/** A page of applications. */
export class ApplicationListDto {
  data!: ApplicationDto[];
  /** Asks for the next page; `null` on the last. */
  nextCursor!: string | null;
}

function eachNotice(value: unknown): unknown {
  return typeof value === 'boolean'
    ? Object.assign(new NoticesDto(), Object.fromEntries(NOTICES.map((notice) => [notice, value])))
    : value;
}
