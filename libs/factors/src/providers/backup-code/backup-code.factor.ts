import { createHmac, createSecretKey, randomBytes } from 'node:crypto';
import {
  AnsweredFactor,
  type Circumstances,
  type Enrolment,
  FactorProvider,
  MISMATCH,
  type PublicView,
  type Verdict,
} from '@countersign/factor-kit';
import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { crockfordSpelling, encodeCrockford, groupByFour, normaliseCrockford } from './crockford-base32.js';

const CODES = 10;

/** 80 bits: far above the six digits' worth that NIST SP 800-63B-4 section 3.1.2 asks of a look-up secret. */
const CODE_BYTES = 10;
const CODE_SYMBOLS = 16;

/** As long as the digest: RFC 2104 section 3. */
const KEY_BYTES = 32;

const Input = z.strictObject({});

const BackupCodeSecret = z.strictObject({
  key: z.string().regex(/^[A-Za-z0-9+/]{43}=$/),
  codes: z.array(z.string().regex(/^[A-Za-z0-9_-]{43}$/)).max(CODES),
});

// Sixteen symbols and nothing else: a code of six to eight digits never passes for a backup code.
const Answer = z.strictObject({
  code: z
    .string()
    .max(128)
    .regex(crockfordSpelling(CODE_SYMBOLS), 'must be a backup code such as 7K3M-9QXD-2FHT-W8ZB')
    .overwrite(normaliseCrockford)
    .meta({ description: 'One of the backup codes.', examples: ['7K3M-9QXD-2FHT-W8ZB'] }),
});

/** What is sealed of a set: the HMAC key (base64, 32 bytes) and the HMACs (base64url) of the codes that are left. */
export type BackupCodeSecret = z.output<typeof BackupCodeSecret>;

/** A backup code as its sixteen symbols. */
export type BackupCodeAnswer = z.output<typeof Answer>;

/**
 * Backup codes, the look-up secrets of NIST SP 800-63B-4 section 3.1.2: ten codes of 80 random bits, each good
 * once, kept as HMAC-SHA-256 (RFC 2104) under a key of their own set.
 */
@FactorProvider({ type: 'backup_code', contract: 1, amr: ['otp'], recovery: true, sendsNothing: true })
@Injectable()
export class BackupCodeFactor extends AnsweredFactor<{
  input: typeof Input;
  secret: typeof BackupCodeSecret;
  answer: typeof Answer;
}> {
  override readonly title = 'Backup codes';
  override readonly input = Input;
  override readonly secret = BackupCodeSecret;
  override readonly answer = Answer;

  /** Makes a set. Shows `backupCodes`: ten strings `XXXX-XXXX-XXXX-XXXX`, of which only HMACs are kept. */
  override enrol(_input: z.output<typeof Input>, _at: Circumstances): Enrolment<BackupCodeSecret> {
    const key = randomBytes(KEY_BYTES).toString('base64');
    const codes = Array.from({ length: CODES }, () => encodeCrockford(randomBytes(CODE_BYTES)));
    return {
      secret: { key, codes: codes.map((code) => digestOf(key, code)) },
      show: { backupCodes: codes.map(groupByFour) },
    };
  }

  /** The same decision as `verify`. The engine activates recovery factors at once and does not ask. */
  override confirm(
    secret: BackupCodeSecret,
    answer: BackupCodeAnswer,
    at: Circumstances,
  ): Verdict<BackupCodeSecret> {
    return this.verify(secret, answer, at);
  }

  /**
   * Decides whether a code is among those left.
   *
   * @returns accepted with the code's digest as the token to spend, and the secret without it; else `mismatch`
   */
  override verify(
    secret: BackupCodeSecret,
    answer: BackupCodeAnswer,
    _at: Circumstances,
  ): Verdict<BackupCodeSecret> {
    const digest = digestOf(secret.key, answer.code);
    // A plain comparison is enough: without the key, nobody can aim at a digest one character at a time.
    if (!secret.codes.includes(digest)) return MISMATCH;
    return {
      accepted: true,
      fresh: { token: digest },
      secret: { key: secret.key, codes: secret.codes.filter((left) => left !== digest) },
    };
  }

  /** Tells how many codes are left. */
  override publicView(secret: BackupCodeSecret): PublicView {
    return { hint: String(secret.codes.length) };
  }
}

function digestOf(key: string, code: string): string {
  return createHmac('sha256', createSecretKey(key, 'base64')).update(code, 'ascii').digest('base64url');
}
