import { apiKeysSection } from '@countersign/api-keys';
import { authSection } from '@countersign/auth';
import { type ConfigSection, coreSection, loadConfig, type LoadedConfig } from '@countersign/core';
import { deliverySection } from '@countersign/delivery';
import { devicesSection } from '@countersign/devices';
import { factorsSection } from '@countersign/factors';
import { webhooksSection } from '@countersign/webhooks';
import { httpSection } from './http/http.config.js';

/**
 * Every library's part of the configuration, in the order of `.env.example`.
 * @public read by the scripts from the build
 */
export const configSections: readonly ConfigSection[] = [
  coreSection,
  httpSection,
  authSection,
  factorsSection,
  devicesSection,
  apiKeysSection,
  deliverySection,
  webhooksSection,
] as unknown as readonly ConfigSection[];

/**
 * Reads the whole configuration.
 * @throws ConfigError with every fault at once
 */
export function loadAppConfig(env: Readonly<Record<string, string | undefined>>): LoadedConfig {
  return loadConfig(env, configSections);
}
