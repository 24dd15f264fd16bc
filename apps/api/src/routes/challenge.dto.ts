import { IsString, MaxLength } from 'class-validator';

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
