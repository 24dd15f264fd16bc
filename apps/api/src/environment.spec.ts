import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { environmentFrom } from './environment.js';

describe('the environment of a process', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'countersign-environment-'));
    vi.spyOn(process, 'cwd').mockReturnValue(folder);
  });
  afterEach(() => {
    vi.restoreAllMocks();
    rmSync(folder, { recursive: true });
  });

  it('holds the variables, above those of a .env file, and the flags above both', () => {
    writeFileSync(join(folder, '.env'), 'ROLE=worker\nPORT=1\nHOST="::1"\n');
    expect(environmentFrom([], { PORT: '2' })).toEqual({ ROLE: 'worker', PORT: '2', HOST: '::1' });
    expect(environmentFrom(['--role=all'], { PORT: '2', ROLE: 'api' })).toMatchObject({ ROLE: 'all' });
  });

  it('needs no .env file', () => {
    expect(environmentFrom([], { PORT: '2' })).toEqual({ PORT: '2' });
  });

  it.each(['--rolle=api', '--role', 'worker', '--help'])('knows no flag %s, and names it', (flag) => {
    expect(() => environmentFrom([flag], {})).toThrow(`${flag}: is not known`);
  });
});
