import {
  type Circumstances,
  DeliveredCodeFactor,
  FactorProvider,
  readMailAddress,
  type Recipient,
  refuse,
  type Refused,
} from '@countersign/factor-kit';
import { Injectable } from '@nestjs/common';
import { z } from 'zod';

/** Longer than any address: what is too long is told by the rule for addresses. */
const MAX_SPELLED = 320;

// Overwrite, unlike transform, keeps the JSON form.
const Address = z
  .string()
  .max(MAX_SPELLED)
  .overwrite((spelled) => {
    const read = readMailAddress(spelled);
    return read.readable ? read.address : spelled;
  })
  .superRefine((text, context) => {
    const read = readMailAddress(text);
    if (!read.readable) context.addIssue({ code: 'custom', message: read.fault });
  });

const Input = z.strictObject({
  email: Address.optional().meta({
    description: "Where the codes go; the account's own address where absent.",
    examples: ['jo@example.com'],
  }),
});

// Bounded by the rule for addresses, which the domain's ASCII form can only lengthen to its own limit.
const EmailSecret = z.strictObject({ email: z.string().max(MAX_SPELLED) });

type EmailSecret = z.output<typeof EmailSecret>;

/** Codes by e-mail: to the account's own address, or to another that its user can read. */
@FactorProvider({ type: 'email', contract: 1, amr: ['otp'] })
@Injectable()
export class EmailFactor extends DeliveredCodeFactor<{ input: typeof Input; secret: typeof EmailSecret }> {
  override readonly title = 'E-mail';
  override readonly channel = 'email';
  override readonly input = Input;
  override readonly secret = EmailSecret;

  /** Takes the address given, else the account's. A server's user may have none. */
  override address({ email }: z.output<typeof Input>, at: Circumstances): EmailSecret | Refused {
    if (email !== undefined) return { email };
    // The operator's own hosts count where an operator has named the account after one.
    const own = readMailAddress(at.account, { localHosts: true });
    if (own.readable) return { email: own.address };
    const why = at.account.includes('@')
      ? "mail cannot go to the account's address"
      : 'the account has no e-mail address';
    return refuse('email', `is required: ${why}`);
  }

  override recipient({ email }: EmailSecret): Recipient {
    return { channel: 'email', to: email };
  }
}
