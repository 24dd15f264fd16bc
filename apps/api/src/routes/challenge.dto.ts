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
