export { type Device, DeviceStore } from './device.store.js';
export { type DevicesConfig, devicesSection } from './devices.config.js';
export { devicesEntities, DevicesModule } from './devices.module.js';
export { TrustedDevices } from './trusted-devices.js';
