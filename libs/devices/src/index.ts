export { DeviceEntity } from './device.entity.js';
export { type Device, type DevicePage, DeviceStore } from './device.store.js';
export { type DevicesConfig, devicesSection } from './devices.config.js';
export { devicesEntities, DevicesModule } from './devices.module.js';
export { type DeviceOwner, TrustedDevices } from './trusted-devices.js';
