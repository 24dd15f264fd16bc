import { z } from 'zod';
import { validationFailed } from '../http/validation.js';

const label = z
  .string()
  .max(100)
  .regex(/^\P{Cc}*$/u, 'must not contain control characters')
  .nullish();

const Enrolment = z.looseObject({ type: z.string().max(32), label });

const Verification = z.looseObject({
  factorId: z.string().max(64).optional(),
  trustDevice: z.boolean().optional(),
  deviceName: label,
});

const action = z
  .string()
  .min(1)
  .max(100)
  .regex(/^\P{Cc}+$/u, 'must not contain control characters');

const details = z.record(z.string(), z.unknown());

const ServerVerification = Verification.extend({
  user: z.string(),
  action: action.optional(),
  details: details.optional(),
});

const DirectVerification = z.looseObject({
  factorId: z.string().max(64).optional(),
  type: z.string().max(32).optional(),
  action: action.optional(),
  details: details.optional(),
});

/** What a server says that an answer is for. */
export interface ExpectedBody {
  readonly action: string | undefined;
  readonly details: Readonly<Record<string, unknown>> | undefined;
}

/** A verification's body as a server sends it. */
export interface ServerVerificationBody extends VerificationBody, ExpectedBody {
  /** The application's own id for the user. */
  readonly user: string;
}

/** The body of a verification in one call. */
export interface DirectVerificationBody extends ExpectedBody {
  readonly factorId: string | undefined;
  readonly type: string | undefined;
  readonly answer: Readonly<Record<string, unknown>>;
}

/** An enrolment's body: our own fields, and the provider's beside them. */
export interface EnrolmentBody {
  readonly type: string;
  readonly label: string | null;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** A verification's body: our own fields, and the answer beside them. */
export interface VerificationBody {
  readonly factorId: string | undefined;
  readonly trustDevice: boolean;
  readonly deviceName: string | undefined;
  readonly answer: Readonly<Record<string, unknown>>;
}

/** @throws Problem `validation_failed` */
export function enrolmentOf(body: unknown): EnrolmentBody {
  const { type, label: chosen, ...fields } = parsed(Enrolment, body);
  return { type, label: chosen ?? null, fields };
}

/** @throws Problem `validation_failed` */
export function verificationOf(body: unknown): VerificationBody {
  const { factorId, trustDevice, deviceName, ...answer } = parsed(Verification, body);
  return {
    factorId,
    trustDevice: trustDevice ?? false,
    deviceName: deviceName ?? undefined,
    answer: withFields(answer),
  };
}

/** @throws Problem `validation_failed` */
export function serverVerificationOf(body: unknown): ServerVerificationBody {
  const { user, action: expected, details: about, ...rest } = parsed(ServerVerification, body);
  return { ...verificationOf(rest), user, action: expected, details: about };
}

/** @throws Problem `validation_failed` */
export function directVerificationOf(body: unknown): DirectVerificationBody {
  const { factorId, type, action: expected, details: about, ...answer } = parsed(DirectVerification, body);
  return { factorId, type, action: expected, details: about, answer: withFields(answer) };
}

/**
 * A body whose fields are all a provider's.
 * @throws Problem `validation_failed`
 */
export function objectOf(body: unknown): Readonly<Record<string, unknown>> {
  return withFields(parsed(z.looseObject({}), body ?? {}));
}

function withFields(answer: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  if (Object.keys(answer).length === 0) throw validationFailed([{ path: 'code', message: 'is required' }]);
  return answer;
}

function parsed<S extends z.ZodType>(schema: S, body: unknown): z.output<S> {
  const result = schema.safeParse(body ?? {});
  if (result.success) return result.data;
  throw validationFailed(
    result.error.issues.map(({ path, message }) => ({
      path: path.join('.'),
      message: isMissing(body ?? {}, path) ? 'is required' : message,
    })),
  );
}

function isMissing(body: unknown, path: readonly PropertyKey[]): boolean {
  const value = path.reduce<unknown>(
    (part, key) =>
      typeof part === 'object' && part !== null ? (part as Record<PropertyKey, unknown>)[key] : part,
    body,
  );
  return value === undefined;
}
