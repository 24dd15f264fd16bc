import {
  AnsweredFactor,
  type Circumstances,
  type Enrolment,
  FactorProvider,
  MISMATCH,
  type PublicView,
  type Schema,
  type Verdict,
} from '@countersign/factor-kit';
import { Injectable } from '@nestjs/common';
import { createHash, createHmac, createSecretKey } from 'node:crypto';
import { HOTP, Secret, TOTP } from 'otpauth';
import { z } from 'zod';
import { keyUri } from './key-uri.js';
import { qrCodeDataUri } from './qr-code.js';
import { TotpDigits, TotpImport, TotpPeriod } from './totp-import.js';

/** RFC 4226 section 4, R6: 160 bits are recommended. */
const SECRET_BYTES = 20;

/** Steps accepted before and after the present one: the delay and drift of RFC 6238 sections 5.2 and 6. */
const WINDOW_STEPS = 1;

/** How far outside of the window a code is still recognised, so that a clock that is off can be told from a typo. */
const STALE_SECONDS = 600;

/** How far off a clock may be for two codes to find it: a day, which covers every wrong time zone. */
const RESYNC_SECONDS = 24 * 60 * 60;

/**
 * How far off a clock may be for a new factor to be kept with it: an hour. Kept for more, the codes of the same phone
 * with its clock set right would be refused for as long.
 */
const MAX_KEPT_DRIFT_SECONDS = 60 * 60;

const Input = z.strictObject({});

const ServerInput = z.strictObject({ import: TotpImport.optional() });

type TotpInput = z.output<typeof ServerInput>;

const TotpSecret = z.strictObject({
  secret: z.string().regex(/^[A-Z2-7]{16,}$/),
  algorithm: z.enum(['SHA1', 'SHA256', 'SHA512']),
  digits: TotpDigits,
  period: TotpPeriod,
  issuer: z.string(),
  /** Steps that the app's clock is ahead of ours, or behind where it is negative; found by a resync. */
  drift: z.number().int().optional(),
});

// The pattern accepts what people paste ("123 456", "123-456"), so that the published schema tells the truth;
// overwrite, unlike transform, keeps the JSON form.
const Answer = z.strictObject({
  code: z
    .string()
    .max(64)
    .regex(/^[\s-]*(?:[0-9][\s-]*){6,8}$/, 'must be a code of 6 to 8 digits')
    .overwrite((spelled) => spelled.replace(/[\s-]/g, ''))
    .meta({ description: 'The code that the authenticator app shows.', examples: ['123456'] }),
});

/** What is sealed of a TOTP factor. `period` in seconds, `secret` in base32 without padding (RFC 4648 section 6). */
export type TotpSecret = z.output<typeof TotpSecret>;

/** A code of an authenticator app, bare digits. */
export type TotpAnswer = z.output<typeof Answer>;

/**
 * Time-based one-time passwords of an authenticator app (RFC 6238 over RFC 4226): 160-bit secret, SHA-1, 6 digits,
 * 30 s, one step either way. The secret names its own parameters, so that factors made with others verify too.
 */
@FactorProvider({ type: 'totp', contract: 1, amr: ['otp'], sendsNothing: true })
@Injectable()
export class TotpFactor extends AnsweredFactor<{
  input: Schema<TotpInput>;
  secret: typeof TotpSecret;
  answer: typeof Answer;
}> {
  override readonly title = 'Authenticator app';
  override readonly input: typeof Input & Schema<TotpInput> = Input;
  override readonly serverInput = ServerInput;
  override readonly secret = TotpSecret;
  override readonly answer = Answer;

  /**
   * Makes a random secret, or takes the one that a server imports from elsewhere.
   *
   * @param at names the issuer and the account that the app will list
   * @returns the secret to seal, and what to show: `secret` (base32), `otpauthUri`, `qrCode` (PNG data URI of it); an
   *   imported one is active at once, because its user has it already
   */
  override async enrol(input: TotpInput, at: Circumstances): Promise<Enrolment<TotpSecret>> {
    const imported = input.import;
    const secret: TotpSecret = {
      secret: imported?.secret ?? new Secret({ size: SECRET_BYTES }).base32,
      algorithm: imported?.algorithm ?? 'SHA1',
      digits: imported?.digits ?? 6,
      period: imported?.period ?? 30,
      issuer: at.issuer,
    };
    const otpauthUri = keyUri({ ...secret, account: at.account });
    const show = { secret: secret.secret, otpauthUri, qrCode: await qrCodeDataUri(otpauthUri) };
    return imported === undefined ? { secret, show } : { secret, show, active: true };
  }

  /**
   * Decides whether the app has the secret, as `verify` does.
   *
   * @returns `clock` for a code that the app shows at another time of the day: the secret is new, so that nothing but
   *   the device's clock explains it
   */
  override confirm(secret: TotpSecret, answer: TotpAnswer, at: Circumstances): Verdict<TotpSecret> {
    const verdict = this.verify(secret, answer, at);
    if (verdict.accepted) return verdict;
    const found = stepNear(secret, at, (step, shows) => shows(step, answer));
    return found === undefined ? MISMATCH : clockIsOff(found.drift * secret.period);
  }

  /**
   * Decides whether the app has the secret, by two codes that it showed one after the other.
   *
   * @returns accepted with the second code's step, and the secret with the drift that was found, up to an hour; beyond
   *   it `clock`, because the clock has to be set first
   */
  override confirmInRow(
    secret: TotpSecret,
    [first, second]: readonly [TotpAnswer, TotpAnswer],
    at: Circumstances,
  ): Verdict<TotpSecret> {
    const verdict = this.resync(secret, [first, second], at);
    if (!verdict.accepted) return verdict;
    const driftSeconds = (verdict.secret?.drift ?? 0) * secret.period;
    // A step more, because a code is typed a little later than it is shown.
    return Math.abs(driftSeconds) > MAX_KEPT_DRIFT_SECONDS + secret.period
      ? clockIsOff(driftSeconds)
      : verdict;
  }

  /**
   * Decides whether a code fits the present step of the app's clock, or one next to it (RFC 6238 section 5.2).
   *
   * @returns accepted with the step that matched, for the engine to spend; `stale` for a code of another step
   *   within ten minutes; `mismatch` for anything else, a wrong number of digits included
   */
  override verify(secret: TotpSecret, answer: TotpAnswer, at: Circumstances): Verdict<TotpSecret> {
    const { period, drift = 0 } = secret;
    const timestamp = at.now.getTime() + drift * period * 1_000;
    // otpauth compares in constant time and looks from the present step outwards: a right code is found before
    // the steps of the stale range cost anything.
    const key = Secret.fromBase32(secret.secret);
    const delta = TOTP.validate({
      token: answer.code,
      secret: key,
      hmac: hmacUnder(key),
      algorithm: secret.algorithm,
      digits: secret.digits,
      period,
      timestamp,
      window: STALE_SECONDS / period,
    });
    if (delta === null) return MISMATCH;
    if (Math.abs(delta) > WINDOW_STEPS) return { accepted: false, reason: 'stale' };
    return { accepted: true, fresh: { step: BigInt(TOTP.counter({ period, timestamp }) + delta) } };
  }

  /**
   * Finds an app whose clock is off, by two codes that it showed one after the other, anywhere within a day. Steps are
   * counted by the app's own clock, so that the engine accepts none a second time: a clock that was set back shows
   * steps that may have been used, and has to reach new ones first.
   *
   * @returns accepted with the second code's step, and the secret with the drift that was found
   */
  override resync(
    secret: TotpSecret,
    [first, second]: readonly [TotpAnswer, TotpAnswer],
    at: Circumstances,
  ): Verdict<TotpSecret> {
    // The second code is the one that the app shows now.
    const found = stepNear(secret, at, (step, shows) => shows(step, second) && shows(step - 1, first));
    if (found === undefined) return MISMATCH;
    const { step, drift } = found;
    return { accepted: true, fresh: { step: BigInt(step) }, secret: { ...secret, drift } };
  }

  /** The step that the app's clock is in. */
  override presentStep({ period, drift = 0 }: TotpSecret, now: Date): bigint {
    return BigInt(TOTP.counter({ period, timestamp: now.getTime() }) + drift);
  }

  /** Secrets are one whose codes are: the same key of an HMAC, under the same algorithm. */
  override isSameSecret(secret: TotpSecret, other: TotpSecret): boolean {
    return secret.algorithm === other.algorithm && hmacKey(secret).equals(hmacKey(other));
  }

  /** Tells factors apart by who issued them. */
  override publicView(secret: TotpSecret): PublicView {
    return { hint: secret.issuer };
  }
}

/**
 * Finds the step nearest to the present one, within a day, that fits what an app showed.
 * @param fits is given a step and a test of whether the app shows a code at one
 * @returns the step, and by how many steps the app's clock is ahead
 */
function stepNear(
  { secret, algorithm, digits, period }: TotpSecret,
  { now }: Circumstances,
  fits: (step: number, shows: (step: number, answer: TotpAnswer) => boolean) => boolean,
): { readonly step: number; readonly drift: number } | undefined {
  const key = Secret.fromBase32(secret);
  const hmac = hmacUnder(key);
  const shows = (counter: number, { code }: TotpAnswer): boolean =>
    code.length === digits &&
    counter >= 0 &&
    HOTP.generate({ secret: key, hmac, algorithm, digits, counter }) === code;
  const present = TOTP.counter({ period, timestamp: now.getTime() });
  for (let distance = 0; distance <= RESYNC_SECONDS / period; distance += 1) {
    for (const drift of distance === 0 ? [0] : [-distance, distance]) {
      if (fits(present + drift, shows)) return { step: present + drift, drift };
    }
  }
  return undefined;
}

function clockIsOff(driftSeconds: number): Verdict<TotpSecret> {
  return { accepted: false, reason: 'clock', driftSeconds };
}

const BLOCK_BYTES = { SHA1: 64, SHA256: 64, SHA512: 128 } as const;

/**
 * A secret as HMAC takes it (RFC 2104 section 2): one longer than a block of the hash is hashed, and all are filled up to
 * a block with zero bytes. So secrets that differ by zeros at their end make the same codes.
 */
function hmacKey({ secret, algorithm }: TotpSecret): Buffer {
  const { bytes } = Secret.fromBase32(secret);
  const block = BLOCK_BYTES[algorithm];
  const key = bytes.length > block ? createHash(algorithm).update(bytes).digest() : bytes;
  return Buffer.concat([key], block);
}

/**
 * An HMAC under one key, which Node is given as a `KeyObject` once: given as bytes, as otpauth does, it is imported again
 * for each of the up to 41 steps that are looked at.
 */
function hmacUnder({
  bytes,
}: Secret): (algorithm: string, key: Uint8Array, message: Uint8Array) => Uint8Array {
  const key = createSecretKey(bytes);
  return (algorithm, _bytes, message) => createHmac(algorithm, key).update(message).digest();
}
