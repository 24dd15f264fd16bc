import { Injectable } from '@nestjs/common';
import { Clock } from '@countersign/core';
import type { Channel } from '@countersign/factor-kit';

/** A message that would have been sent. */
export interface MailboxMessage {
  readonly channel: Channel;
  readonly to: string;
  readonly subject?: string;
  readonly text: string;
  readonly at: Date;
}

const KEPT = 200;

/**
 * Where messages land while no vendor is set up: a developer's own mailbox, in this process, never in production. It
 * keeps the newest 200.
 */
@Injectable()
export class Mailbox {
  #messages: readonly MailboxMessage[] = [];

  constructor(private readonly clock: Clock) {}

  /** What has arrived, the newest first. */
  messages(): readonly MailboxMessage[] {
    return this.#messages;
  }

  /** Takes a message in. */
  put(message: Omit<MailboxMessage, 'at'>): void {
    this.#messages = [{ ...message, at: this.clock.now() }, ...this.#messages].slice(0, KEPT);
  }
}
