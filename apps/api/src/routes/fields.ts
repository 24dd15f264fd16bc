import { Transform } from 'class-transformer';
import { ValidateIf, ValidatorConstraint, type ValidatorConstraintInterface } from 'class-validator';
import { normaliseEmail } from '@countersign/auth';

const LONGEST_PASSWORD = 128;
const LONGEST_LOCALE = 35;

/** Brings an account name into the form in which it is stored and compared. */
export function Lowered(): PropertyDecorator {
  return Transform(({ value }: { value: unknown }) =>
    typeof value === 'string' ? normaliseEmail(value) : value,
  );
}

/** Lets a field be absent, but not `null`: `IsOptional` lets it be both. */
export function MayBeAbsent(): PropertyDecorator {
  return ValidateIf((_dto, value) => value !== undefined);
}

/** Bounds a password before anything costly is done with it. */
@ValidatorConstraint({ name: 'passwordLength' })
export class PasswordLength implements ValidatorConstraintInterface {
  validate(value: unknown): boolean {
    return (
      typeof value === 'string' && value !== '' && [...value.normalize('NFKC')].length <= LONGEST_PASSWORD
    );
  }

  defaultMessage(): string {
    return `must have 1 to ${LONGEST_PASSWORD} characters`;
  }
}

/** Text without control characters. */
@ValidatorConstraint({ name: 'printable' })
export class Printable implements ValidatorConstraintInterface {
  validate(value: unknown): boolean {
    return typeof value === 'string' && !/\p{Cc}/u.test(value);
  }

  defaultMessage(): string {
    return 'must not contain control characters';
  }
}

/** A language tag (BCP 47, RFC 5646). */
@ValidatorConstraint({ name: 'locale' })
export class CanonicalLocale implements ValidatorConstraintInterface {
  validate(value: unknown): boolean {
    if (typeof value !== 'string' || value.length > LONGEST_LOCALE) return false;
    try {
      return Intl.getCanonicalLocales(value).length === 1;
    } catch {
      return false;
    }
  }

  defaultMessage(): string {
    return 'must be a language tag such as en or de-AT';
  }
}
