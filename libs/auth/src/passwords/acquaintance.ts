import { Injectable } from '@nestjs/common';
import { Clock, Database } from '@countersign/core';
import { TrustedDevices } from '@countersign/devices';
import { SessionStore } from '../sessions/session.store.js';
import type { PasswordAttempt } from './password-attempts.js';

const KNOWN_FOR_MS = 30 * 24 * 60 * 60_000;

/** Tells an account's own people from strangers: by a trusted device, or an address that logged in lately. */
@Injectable()
export class Acquaintance {
  constructor(
    private readonly devices: TrustedDevices,
    private readonly sessions: SessionStore,
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  /** @returns a name for who it is, or `undefined` for a stranger */
  async of({ account, applicationId, deviceToken, origin }: PasswordAttempt): Promise<string | undefined> {
    if (account === undefined) return undefined;
    const tx = this.database.direct;
    if (deviceToken !== undefined) {
      const device = await this.devices.recognise(tx, deviceToken, { applicationId, userId: account.id });
      if (device !== undefined) return `device:${device}`;
    }
    if (origin.ip === null) return undefined;
    const since = new Date(this.clock.now().getTime() - KNOWN_FOR_MS);
    const known = await this.sessions.knowsAddress(tx, account.id, origin.ip, since);
    return known ? `address:${origin.ip}` : undefined;
  }
}
