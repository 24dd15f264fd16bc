import type { INestApplicationContext } from '@nestjs/common';
import { Mailbox } from '@countersign/delivery';

/** The code in the newest message that an instance has sent to an address, if any was. */
export function newestCode(container: INestApplicationContext, to: string): string | undefined {
  const message = container
    .get(Mailbox, { strict: false })
    .messages()
    .find((each) => each.to === to);
  return message === undefined ? undefined : /\b\d{6}\b/.exec(message.text)?.[0];
}
