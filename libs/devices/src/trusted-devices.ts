import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { getConfigToken } from '@nestjs/config';
import {
  Clock,
  EventLog,
  mintToken,
  newId,
  type Origin,
  parseToken,
  publicId,
  type Tx,
} from '@countersign/core';
import type { DevicesConfig } from './devices.config.js';
import { DeviceStore } from './device.store.js';

/** Whose device it is. */
export interface DeviceOwner {
  readonly applicationId: string;
  readonly userId: string;
  readonly securityEpoch: number;
}

/** Wrong passwords in a row that end a device's trust. */
const FAILURES_THAT_REVOKE = 20;

/** Trusts, recognises and revokes devices. */
@Injectable()
export class TrustedDevices implements OnModuleInit {
  constructor(
    private readonly store: DeviceStore,
    private readonly events: EventLog,
    private readonly clock: Clock,
    @Inject(getConfigToken('devices')) private readonly config: DevicesConfig,
  ) {}

  /** A device's trust stands on the password and the factors: it ends with any change but another factor more. */
  onModuleInit(): void {
    this.events.subscribe(['factor.activated'], async (tx, event) => {
      if (event.userId !== null) await this.store.joinEpoch(tx, event.userId);
    });
    this.events.subscribe(['two_factor.enabled', 'factor.removed', 'password.changed'], async (tx, event) => {
      if (event.userId !== null) await this.revokeAll(tx, event.applicationId, event.userId, event.origin);
    });
    this.events.subscribe(['user.updated'], async (tx, event) => {
      const { status, claimed } = event.data;
      if (event.userId === null || (status !== 'suspended' && claimed !== true)) return;
      await this.revokeAll(tx, event.applicationId, event.userId, event.origin);
    });
  }

  /**
   * Trusts the device that the request came from.
   * @returns the device token, which is shown this once
   */
  async trust(tx: Tx, owner: DeviceOwner, name: string | undefined, origin: Origin): Promise<string> {
    const now = this.clock.now();
    const id = newId(now);
    const { token, digest } = mintToken('dvt', [owner.applicationId, id]);
    await this.store.insert(tx, {
      id,
      applicationId: owner.applicationId,
      userId: owner.userId,
      securityEpoch: owner.securityEpoch,
      digest,
      name: name ?? null,
      ip: origin.ip,
      userAgent: origin.userAgent,
      createdAt: now,
      expiresAt: new Date(now.getTime() + this.config.tokenTtlMs),
    });
    await this.events.append(tx, {
      type: 'device.trusted',
      applicationId: owner.applicationId,
      userId: owner.userId,
      origin,
      data: { deviceId: publicId('dev', id) },
    });
    return token;
  }

  /**
   * Tells whether a device token is a live one of this very user.
   * @returns the device's UUID, or `undefined` for any other text
   */
  async recognise(
    tx: Tx,
    token: string,
    owner: Omit<DeviceOwner, 'securityEpoch'>,
  ): Promise<string | undefined> {
    const parsed = parseToken('dvt', token);
    if (parsed === undefined) return undefined;
    const [applicationId, id] = parsed.ids;
    if (applicationId !== owner.applicationId) return undefined;
    const live = await this.store.isLive(tx, { ...owner, id, digest: parsed.digest });
    return live ? id : undefined;
  }

  /** Notes that a device stood in for the second factor. */
  async used(tx: Tx, id: string): Promise<void> {
    await this.store.markUsed(tx, id);
  }

  /** Counts a wrong password that came with a device's token; at twenty in a row the device is revoked. */
  async passwordFailed(
    tx: Tx,
    token: string,
    owner: Omit<DeviceOwner, 'securityEpoch'>,
    origin: Origin,
  ): Promise<void> {
    const id = await this.recognise(tx, token, owner);
    if (id === undefined || (await this.store.countFailure(tx, id)) < FAILURES_THAT_REVOKE) return;
    await this.revoke(tx, owner, id, origin);
  }

  /** Revokes one device. @returns whether the user had it */
  async revoke(
    tx: Tx,
    owner: Omit<DeviceOwner, 'securityEpoch'>,
    id: string,
    origin: Origin,
  ): Promise<boolean> {
    const revoked = await this.store.revoke(tx, owner.userId, id);
    await this.#tell(tx, owner.applicationId, owner.userId, revoked, origin);
    return revoked.length > 0;
  }

  /** Revokes every device of a user. */
  async revokeAll(tx: Tx, applicationId: string, userId: string, origin: Origin): Promise<void> {
    await this.#tell(tx, applicationId, userId, await this.store.revoke(tx, userId), origin);
  }

  async #tell(tx: Tx, applicationId: string, userId: string, ids: string[], origin: Origin): Promise<void> {
    if (ids.length === 0) return;
    await this.events.append(
      tx,
      ...ids.map((id) => ({
        type: 'device.revoked' as const,
        applicationId,
        userId,
        origin,
        data: { deviceId: publicId('dev', id) },
      })),
    );
  }
}
