import { Injectable, type OnModuleInit } from '@nestjs/common';
import { type EventDraft, EventLog, publicId, type Tx } from '@countersign/core';
import { UserStore } from '@countersign/directory';
import { FactorStore } from './factor.store.js';
import { OwnMail } from './own-mail.js';

/** What follows for factors from what was proven by reading an account's mail. */
@Injectable()
export class MailedProofs implements OnModuleInit {
  constructor(
    private readonly factors: FactorStore,
    private readonly ownMail: OwnMail,
    private readonly users: UserStore,
    private readonly events: EventLog,
  ) {}

  onModuleInit(): void {
    this.events.subscribe(['password.changed'], async (tx, event) => {
      if (event.data['by'] === 'mail' && event.userId !== null)
        await this.#lockOwnMail(tx, event, event.userId);
    });
  }

  // Who reads the mail has the password by now: the same mail proves nothing more until another factor has succeeded.
  async #lockOwnMail(tx: Tx, { applicationId, origin }: EventDraft, userId: string): Promise<void> {
    const user = await this.users.lockAny(tx, userId);
    const own = await this.ownMail.of(tx, userId, user?.email ?? null);
    await this.factors.lock(
      tx,
      own.map(({ id }) => id),
    );
    if (own.length === 0) return;
    await this.events.append(
      tx,
      ...own.map(({ id, type }) => ({
        type: 'factor.locked' as const,
        applicationId,
        userId,
        origin,
        data: { factorId: publicId('fac', id), factorType: type, reason: 'password_reset' },
      })),
    );
  }
}
