import { Transform } from 'class-transformer';
import {
  Validate,
  ValidateIf,
  type ValidationArguments,
  ValidatorConstraint,
  type ValidatorConstraintInterface,
} from 'class-validator';
import { applyDecorators } from '@nestjs/common';
import { ApiProperty } from '@nestjs/swagger';
import { EVENT_TYPES, originFault } from '@countersign/core';
import { readMailAddress } from '@countersign/factor-kit';
import { userNameFault } from '../http/external-id.js';

const LONGEST_PASSWORD = 128;
const LONGEST_LOCALE = 35;
const MAX_ORIGIN_LENGTH = 255;

/** The name of an account, as it is typed: one that earlier versions let in may be no address. */
export function AccountName(): PropertyDecorator {
  return Transform(({ value }: { value: unknown }) =>
    typeof value === 'string' ? value.trim().toLowerCase() : value,
  );
}

/** An address that mail can go to. */
@ValidatorConstraint({ name: 'mailable' })
class Mailable implements ValidatorConstraintInterface {
  validate(value: unknown): boolean {
    return typeof value === 'string' && readMailAddress(value).readable;
  }

  defaultMessage(of?: ValidationArguments): string {
    const value: unknown = of?.value;
    const read = readMailAddress(typeof value === 'string' ? value : '');
    return read.readable ? '' : read.fault;
  }
}

/** An e-mail address, brought into the one form in which it is stored and compared. */
export function EmailAddress(): PropertyDecorator {
  return applyDecorators(
    Transform(({ value }: { value: unknown }) => {
      const read = typeof value === 'string' ? readMailAddress(value) : undefined;
      return read?.readable === true ? read.address : value;
    }),
    Validate(Mailable),
    ApiProperty({ format: 'email', maxLength: 254 }),
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

/** A language tag; one with underscores, as operating systems and Java write it, is taken for what it means. */
export function LanguageTag(): PropertyDecorator {
  return applyDecorators(
    Transform(({ value }: { value: unknown }) =>
      typeof value === 'string' ? value.replaceAll('_', '-') : value,
    ),
    Validate(CanonicalLocale),
  );
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

// RFC 3339: with seconds and an offset, which ISO 8601 at large would let be left out.
const TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})$/;

/** Reads a moment that came from outside. @returns `undefined` for anything that is no RFC 3339 time */
export function momentOf(text: unknown): Date | undefined {
  if (typeof text !== 'string' || !TIME.test(text)) return undefined;
  const moment = new Date(text);
  return Number.isNaN(moment.getTime()) ? undefined : moment;
}

/** A moment (RFC 3339). */
@ValidatorConstraint({ name: 'moment' })
export class Moment implements ValidatorConstraintInterface {
  validate(value: unknown): boolean {
    return momentOf(value) !== undefined;
  }

  defaultMessage(): string {
    return 'must be a time such as 2027-01-31T08:00:00Z';
  }
}

/** An application's own id for a user, or the `usr_` id of a built-in account. */
@ValidatorConstraint({ name: 'externalId' })
export class ExternalId implements ValidatorConstraintInterface {
  validate(value: unknown): boolean {
    return typeof value === 'string' && userNameFault(value) === undefined;
  }

  defaultMessage(of?: ValidationArguments): string {
    const value: unknown = of?.value;
    return (typeof value === 'string' ? userNameFault(value) : undefined) ?? 'must be a text';
  }
}

/** Browser origins (RFC 6454 section 6.2), spelled as browsers send them. */
@ValidatorConstraint({ name: 'webOrigin' })
export class WebOrigin implements ValidatorConstraintInterface {
  validate(value: unknown): boolean {
    return typeof value === 'string' && value.length <= MAX_ORIGIN_LENGTH && originFault(value) === undefined;
  }

  // Told once for the whole list, so that it finds the first that is wrong.
  defaultMessage(of?: ValidationArguments): string {
    const value: unknown = of?.value;
    const fault = (Array.isArray(value) ? value : [value])
      .filter((item) => typeof item === 'string' && item.length <= MAX_ORIGIN_LENGTH)
      .map((item) => originFault(String(item)))
      .find((found) => found !== undefined);
    return fault ?? 'each must be an origin such as https://app.example.com';
  }
}

/** What a webhook wants to be told of: types of events, each once, or `*` alone. */
@ValidatorConstraint({ name: 'wantedEvents' })
export class WantedEvents implements ValidatorConstraintInterface {
  validate(value: unknown): boolean {
    if (!Array.isArray(value) || value.length === 0 || new Set(value).size !== value.length) return false;
    if (value.length === 1 && value[0] === '*') return true;
    return value.every((type) => (EVENT_TYPES as readonly unknown[]).includes(type));
  }

  defaultMessage(): string {
    return `must be ["*"], or some of ${EVENT_TYPES.join(', ')}`;
  }
}
