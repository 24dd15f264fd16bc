import {
  type AddressRefused,
  type Circumstances,
  DeliveredCodeFactor,
  FactorProvider,
  type Recipient,
  refuseAddress,
} from '@countersign/factor-kit';
import { Injectable } from '@nestjs/common';
import { z } from 'zod';

/** RFC 5321 section 4.5.3.1.3, less the angle brackets. */
const LONGEST_ADDRESS = 254;

const Address = z.email().max(LONGEST_ADDRESS);

const Input = z.strictObject({
  email: Address.optional().meta({
    description: "Where the codes go; the account's own address where absent.",
    examples: ['jo@example.com'],
  }),
});

const EmailSecret = z.strictObject({ email: Address });

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
  override address({ email }: z.output<typeof Input>, at: Circumstances): EmailSecret | AddressRefused {
    const address = Address.safeParse(email ?? at.account);
    return address.success
      ? { email: address.data }
      : refuseAddress('email', 'is required: the account has no e-mail address');
  }

  override recipient({ email }: EmailSecret): Recipient {
    return { channel: 'email', to: email };
  }
}
