import { Injectable, type OnModuleInit } from '@nestjs/common';
import { EventLog } from '@countersign/core';
import { MailedLinkStore } from './mailed-link.store.js';

/** Ends links with what they stand on: verifications with the account's password, all of them with a suspension. */
@Injectable()
export class LinkEnder implements OnModuleInit {
  constructor(
    private readonly links: MailedLinkStore,
    private readonly events: EventLog,
  ) {}

  onModuleInit(): void {
    // Registrations that wait have passwords of their own: the account's holder must not end them.
    this.events.subscribe(['password.changed'], async (tx, { userId }) => {
      if (userId !== null) await this.links.endOwnVerifications(tx, userId);
    });
    this.events.subscribe(['user.updated'], async (tx, { userId, data }) => {
      if (userId !== null && data['status'] === 'suspended') await this.links.deleteAll(tx, userId);
    });
  }
}
