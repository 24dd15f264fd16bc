import { defineSection, duration } from '@countersign/core';

/** How long a device is trusted. */
export interface DevicesConfig {
  readonly tokenTtlMs: number;
}

const variables = {
  DEVICE_TOKEN_TTL: duration()
    .prefault('30d')
    .describe('how long a device stays trusted; use does not extend it'),
};

/** The devices' part of the configuration. */
export const devicesSection = defineSection<'devices', typeof variables, DevicesConfig>({
  name: 'devices',
  variables,
  secrets: [],
  read: (values) => ({ tokenTtlMs: values.DEVICE_TOKEN_TTL }),
});
