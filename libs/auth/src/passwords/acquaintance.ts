import { Injectable } from '@nestjs/common';
import { Clock, Database } from '@countersign/core';
import { TrustedDevices } from '@countersign/devices';
import { NOBODY } from '../accounts/account.js';
import { SessionStore } from '../sessions/session.store.js';
import type { PasswordAttempt } from './password-attempt.js';
import { sameNetwork } from './same-network.js';

const KNOWN_FOR_MS = 30 * 24 * 60 * 60_000;

/**
 * Tells an account's own people from strangers: by a trusted device, an address that logged in lately, or a link that
 * was mailed to them.
 */
@Injectable()
export class Acquaintance {
  constructor(
    private readonly devices: TrustedDevices,
    private readonly sessions: SessionStore,
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  /**
   * Asks the same of the database for an account that does not exist, so that the time tells nothing.
   * @returns a name for who it is, or `undefined` for a stranger
   */
  async of({
    account,
    applicationId,
    deviceToken,
    linkId,
    origin,
  }: PasswordAttempt): Promise<string | undefined> {
    if (linkId !== undefined) return `link:${linkId}`;
    const userId = account?.id ?? NOBODY;
    const tx = this.database.direct;
    if (deviceToken !== undefined) {
      const device = await this.devices.recognise(tx, deviceToken, { applicationId, userId });
      if (device !== undefined) return `device:${device}`;
    }
    const { ip } = origin;
    if (ip === null) return undefined;
    const since = new Date(this.clock.now().getTime() - KNOWN_FOR_MS);
    const known = await this.sessions.addressesSince(tx, userId, since);
    const address = known.find((candidate) => sameNetwork(candidate, ip));
    return address === undefined ? undefined : `address:${address}`;
  }
}
