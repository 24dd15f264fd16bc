import { DeliveredCodeFactor, FactorProvider, plainSpelling, type Recipient } from '@countersign/factor-kit';
import { Injectable } from '@nestjs/common';
import { parsePhoneNumberFromString } from 'libphonenumber-js/max';
import { z } from 'zod';

// E.164: a country code and at most fifteen digits in all; people put blanks, dots and dashes between them.
const WRITTEN = /^[\s(]*\+[\s().-]*(?:[0-9][\s().-]*){7,15}$/;

// The pattern is that of a number in plain spelling; overwrite, unlike transform, keeps the JSON form.
const Input = z.strictObject({
  phoneNumber: z
    .string()
    .max(64)
    .overwrite(plainNumber)
    .regex(WRITTEN, {
      abort: true,
      error: ({ input }) =>
        /^[0-9(]/.test(String(input))
          ? 'must begin with + and the country code, such as +14155550167'
          : 'must be a number with its country code, such as +14155550167',
    })
    .refine((number) => e164(number) !== undefined, 'is not a telephone number')
    .meta({ description: 'With its country code (E.164).', examples: ['+14155550167'] }),
});

const SmsSecret = z.strictObject({ phoneNumber: z.string().regex(/^\+[1-9][0-9]{6,14}$/) });

type SmsSecret = z.output<typeof SmsSecret>;

/** Codes by SMS. Whether a number can be sent to is the delivery's to say; this is about its form. */
@FactorProvider({ type: 'sms', contract: 1, amr: ['otp', 'sms'] })
@Injectable()
export class SmsFactor extends DeliveredCodeFactor<{ input: typeof Input; secret: typeof SmsSecret }> {
  override readonly title = 'Text message (SMS)';
  override readonly channel = 'sms';
  override readonly input = Input;
  override readonly secret = SmsSecret;

  /** Brings the number into the one form in which it is kept and compared. */
  override address({ phoneNumber }: z.output<typeof Input>): SmsSecret {
    const number = e164(phoneNumber);
    if (number === undefined) throw new TypeError('The schema let through what is no number');
    return { phoneNumber: number };
  }

  override recipient({ phoneNumber }: SmsSecret): Recipient {
    return { channel: 'sms', to: phoneNumber };
  }
}

// Numbers are pasted from contacts, links and letters: with direction marks, as `tel:`, with a slash after the area
// code, and with the 00 that stands for + where most people dial from (ITU-T E.123).
function plainNumber(spelled: string): string {
  return plainSpelling(spelled)
    .trim()
    .replace(/^tel:\s*/i, '')
    .replaceAll('/', ' ')
    .replace(/^00(?=[\s().-]*[1-9])/, '+');
}

function e164(text: string): string | undefined {
  const parsed = parsePhoneNumberFromString(withoutMexicanOne(text));
  return parsed?.isPossible() === true ? parsed.number : undefined;
}

// Mexico dropped the 1 before mobile numbers in 2019; contacts and apps have kept it.
function withoutMexicanOne(text: string): string {
  return text.replace(/^[^0-9]*5[^0-9]*2[^0-9]*1(?=(?:[^0-9]*[0-9]){10}[^0-9]*$)/, '+52');
}
