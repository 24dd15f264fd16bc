import { IsIn, IsOptional, IsString, MaxLength, Validate } from 'class-validator';
import { AccountName, LanguageTag, EmailAddress, MayBeAbsent, PasswordLength, Printable } from './fields.js';

// Longer than any token of ours, so that one of another kind is a wrong token and not a malformed request.
const LONGEST_TOKEN = 4_096;

/** A new account. */
export class RegisterDto {
  /**
   * The account's name. Compared without regard to case.
   * @example "jo@example.com"
   */
  @EmailAddress()
  email!: string;

  /**
   * 10 to 128 characters of any kind; common passwords are refused.
   * @example "correct horse battery staple"
   */
  @IsString()
  @Validate(PasswordLength)
  password!: string;

  /**
   * How the user is called.
   * @example "Jo Doe"
   */
  @IsOptional()
  @IsString()
  @MaxLength(100)
  @Validate(Printable)
  displayName?: string | null;

  /**
   * A BCP 47 language tag.
   * @example "en"
   */
  @IsOptional()
  @IsString()
  @LanguageTag()
  locale?: string | null;

  /** How the refresh token travels: in the answer, or for pages of an allowed origin in a cookie. */
  @MayBeAbsent()
  @IsIn(['token', 'cookie'])
  session?: 'token' | 'cookie';
}

/** An account that waits for its address to be verified. */
export class RegistrationMailedDto {
  status!: 'verification_required';
}

/** A login's first step. */
export class LoginDto {
  /** @example "jo@example.com" */
  @AccountName()
  @IsString()
  @MaxLength(254)
  email!: string;

  /** @example "correct horse battery staple" */
  @IsString()
  @Validate(PasswordLength)
  password!: string;

  /** The token of a trusted device, which then skips the second factor. */
  @MayBeAbsent()
  @IsString()
  @MaxLength(LONGEST_TOKEN)
  deviceToken?: string;

  /** How refresh and device tokens travel: in the answer, or for pages of an allowed origin in cookies. */
  @MayBeAbsent()
  @IsIn(['token', 'cookie'])
  session?: 'token' | 'cookie';
}

/** The token that continues a session. */
export class RefreshDto {
  /** Absent where it travels in a cookie. */
  @MayBeAbsent()
  @IsString()
  @MaxLength(LONGEST_TOKEN)
  refreshToken?: string;
}

/** A token for pages whose session travels in a cookie. */
export class CsrfTokenDto {
  /** Sent as `X-CSRF-Token`. */
  csrfToken!: string;
}

/** A new password for the old one. */
export class ChangePasswordDto {
  @IsString()
  @Validate(PasswordLength)
  currentPassword!: string;

  /**
   * 10 to 128 characters of any kind; common passwords are refused.
   * @example "correct horse battery staple"
   */
  @IsString()
  @Validate(PasswordLength)
  newPassword!: string;
}

/** Whose password is forgotten. */
export class ForgotPasswordDto {
  /** @example "jo@example.com" */
  @EmailAddress()
  email!: string;
}

/** The token of a mailed link. */
class MailedTokenDto {
  @IsString()
  @MaxLength(LONGEST_TOKEN)
  token!: string;
}

/** A mailed link's token, and what shows that its reader chose the password. */
export class VerifyEmailDto extends MailedTokenDto {
  /**
   * That of the registration that mailed the link, or for a change of address that of the account. Needed where no live
   * session of the account comes along.
   */
  @MayBeAbsent()
  @IsString()
  @Validate(PasswordLength)
  password?: string;
}

/** A mailed link's token, and the password that is to be. */
export class ResetPasswordDto extends MailedTokenDto {
  /**
   * 10 to 128 characters of any kind; common passwords are refused.
   * @example "correct horse battery staple"
   */
  @IsString()
  @Validate(PasswordLength)
  newPassword!: string;
}

/** A fresh proof. */
export class StepUpDto {
  /** Needed where the account has no active factor. */
  @MayBeAbsent()
  @IsString()
  @Validate(PasswordLength)
  password?: string;
}

/** Changes of the caller's own account; absent fields stay. */
export class ChangeAccountDto {
  /** @example "jo@example.org" */
  @MayBeAbsent()
  @EmailAddress()
  email?: string;

  /** `null` clears it. */
  @IsOptional()
  @IsString()
  @MaxLength(100)
  @Validate(Printable)
  displayName?: string | null;

  /** A BCP 47 language tag; `null` clears it. */
  @IsOptional()
  @IsString()
  @LanguageTag()
  locale?: string | null;
}

/** A user: a built-in account, or somebody whom a server knows by an id of its own. */
export class UserDto {
  /** @example "usr_01jdc0m6bye5ts0kc28f7q9v3m" */
  id!: string;
  /** The application's own id for the user; of a built-in account its `usr_` id. */
  externalId!: string;
  /**
   * Always there for a built-in account.
   * @example "jo@example.com"
   */
  email!: string | null;
  emailVerified!: boolean;
  /** @example "Jo Doe" */
  displayName!: string | null;
  /** @example "en" */
  locale!: string | null;
  status!: 'active' | 'suspended';
  role!: 'user' | 'admin';
  /** Whether a second factor is active. */
  twoFactorEnabled!: boolean;
  /**
   * When the second factor was removed because the address turned out to be somebody else's who set it up. There only
   * until another one is active.
   */
  secondFactorRemovedAt?: string;
  /** @example "2026-11-23T08:00:00.000Z" */
  createdAt!: string;
}

/** An access token. */
export class AccessTokenDto {
  /** @example "authenticated" */
  status!: 'authenticated';
  /** A JWT (ES256), sent as `Authorization: Bearer …`. */
  accessToken!: string;
  /**
   * Lifetime of the access token in seconds.
   * @example 900
   */
  expiresIn!: number;
}

/** An account and the tokens of its new session. */
export class SessionTokensDto {
  user!: UserDto;
  /** A JWT (ES256), sent as `Authorization: Bearer …`. */
  accessToken!: string;
  /**
   * Lifetime of the access token in seconds.
   * @example 900
   */
  expiresIn!: number;
  /** Continues the session; each is good for one use. Absent where it travels in a cookie. */
  refreshToken?: string;
  /** Where the session travels in a cookie: sent along as `X-CSRF-Token` when it is refreshed or ended. */
  csrfToken?: string;
  /**
   * Lifetime of the refresh token in seconds.
   * @example 604800
   */
  refreshExpiresIn!: number;
}

/** A finished login. */
export class AuthenticatedDto extends SessionTokensDto {
  /** @example "authenticated" */
  status!: 'authenticated';
  /** Given once where the device was to be trusted; skips the second factor for 30 days. */
  deviceToken?: string;
}

/** A login of the caller. */
export class SessionDto {
  /** @example "ses_01jdc0m6bye5ts0kc28f7q9v3m" */
  id!: string;
  /** Whether this is the session that asks. */
  current!: boolean;
  createdAt!: string;
  lastUsedAt!: string;
  expiresAt!: string;
  /** @example "203.0.113.7" */
  ip!: string | null;
  userAgent!: string | null;
  /**
   * How it was proven (RFC 8176).
   * @example ["pwd", "otp", "mfa"]
   */
  amr!: string[];
}

/** A page of the caller's sessions. */
export class SessionListDto {
  data!: SessionDto[];
  /** Asks for the next page; `null` on the last. */
  nextCursor!: string | null;
}
