import { type ConfigSection, loadConfig } from '@countersign/core';
import { describe, expect, it } from 'vitest';
import { webhooksSection } from './webhooks.config.js';

const SECTIONS = [webhooksSection] as unknown as readonly ConfigSection[];

describe('WEBHOOK_ALLOW_PRIVATE_NETWORKS', () => {
  const load = (value: string) => () => loadConfig({ WEBHOOK_ALLOW_PRIVATE_NETWORKS: value }, SECTIONS);

  it.each(['', '127.0.0.0/8', '127.0.0.0/8, ::1/128', '::ffff:10.0.0.0/104'])('may be “%s”', (value) => {
    expect(load(value)).not.toThrow();
  });

  it.each([
    ['10.0.0.1', 'expected networks such as'],
    ['localhost', 'expected networks such as'],
    ['127.0.0.0/8,x', 'expected networks such as'],
    ['0.0.0.0/0', 'may not hold link-local addresses'],
  ])('is refused in a sentence where it is %s', (value, message) => {
    expect(load(value)).toThrow(`WEBHOOK_ALLOW_PRIVATE_NETWORKS: ${message}`);
  });
});
