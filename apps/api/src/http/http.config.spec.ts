import { type ConfigSection, loadConfig } from '@countersign/core';
import { describe, expect, it } from 'vitest';
import { httpSection } from './http.config.js';

const SECTIONS = [httpSection] as unknown as readonly ConfigSection[];

describe('TRUST_PROXY', () => {
  const load = (value: string) => () => loadConfig({ TRUST_PROXY: value }, SECTIONS);

  it.each(['false', '2', '10.0.0.1', '10.0.0.0/8, fd00::/8'])('may be %s', (value) => {
    expect(load(value)).not.toThrow();
  });

  it.each(['0.0.0.0/0', '::/0', '10.0.0.0/33', '10.0.0.0/', 'true', '-1'])(
    'is refused in a sentence where it is %s',
    (value) => {
      expect(load(value)).toThrow('TRUST_PROXY: expected false');
    },
  );
});
