import { Module } from '@nestjs/common';
import { DeviceEntity } from './device.entity.js';
import { DeviceStore } from './device.store.js';
import { EndedDevicesSweeper } from './ended-devices.sweeper.js';
import { RestoredDevices } from './restored-devices.js';
import { TrustedDevices } from './trusted-devices.js';

/** The devices' tables. */
export const devicesEntities = [DeviceEntity];

/** Trusted devices. */
@Module({
  providers: [DeviceStore, TrustedDevices, EndedDevicesSweeper, RestoredDevices],
  exports: [DeviceStore, TrustedDevices],
})
export class DevicesModule {}
