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
  if (Object.keys(answer).length === 0) throw validationFailed([{ path: 'code', message: 'is required' }]);
  return { factorId, trustDevice: trustDevice ?? false, deviceName: deviceName ?? undefined, answer };
}

/**
 * A body whose fields are all a provider's.
 * @throws Problem `validation_failed`
 */
export function objectOf(body: unknown): Readonly<Record<string, unknown>> {
  const answer = parsed(z.looseObject({}), body ?? {});
  if (Object.keys(answer).length === 0) throw validationFailed([{ path: 'code', message: 'is required' }]);
  return answer;
}

function parsed<S extends z.ZodType>(schema: S, body: unknown): z.output<S> {
  const result = schema.safeParse(body ?? {});
  if (result.success) return result.data;
  throw validationFailed(result.error.issues.map(({ path, message }) => ({ path: path.join('.'), message })));
}
