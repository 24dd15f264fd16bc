import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { checkFloors } from '../../scripts/checks/floors.mjs';

const REPOSITORY = join(import.meta.dirname, '..', '..');

const trees: string[] = [];

afterEach(() => {
  for (const tree of trees.splice(0)) rmSync(tree, { recursive: true });
});

/** Writes files (path → text) to a new folder and returns what the checker says of it: `file:line what`. */
function offences(files: Readonly<Record<string, string>>): string[] {
  const root = mkdtempSync(join(tmpdir(), 'floors-'));
  trees.push(root);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return checkFloors(root).map(({ file, line, what }) => `${file}:${String(line)} ${what}`);
}

describe('the house', () => {
  it('keeps to its floors', () => {
    expect(checkFloors(REPOSITORY)).toEqual([]);
  });
});

describe('imports that point down', () => {
  it('may skip floors, name packages and builtins, and stay inside their lib', () => {
    expect(
      offences({
        'apps/api/src/main.ts': `import '@countersign/auth';\nimport '../../../migrations/0001-first.js';`,
        'libs/auth/src/index.ts': `import { Clock } from '@countersign/core';\nexport * from './login.js';`,
        'libs/auth/src/login.ts': `import { createHash } from 'node:crypto';\nimport { z } from 'zod';`,
        'libs/core/src/index.ts': `export {};`,
        'migrations/0001-first.ts': `import type { QueryRunner } from 'typeorm';`,
        'libs/factors/src/providers/totp/totp.factor.ts': [
          `import { AnsweredFactor } from '@countersign/factor-kit';`,
          `import { Secret } from 'otpauth';`,
          `import { window } from './window.js';`,
        ].join('\n'),
      }),
    ).toEqual([]);
  });

  it('may name the migrations from the floors that start a whole engine', () => {
    expect(
      offences({
        'apps/api/src/a.ts': `import '@countersign/migrations';`,
        'libs/factor-testing/src/a.ts': `import '@countersign/migrations';`,
        'libs/factors/src/a.ts': `import '@countersign/migrations';`,
        'libs/auth/src/a.ts': `import '@countersign/migrations/0001-first.js';`,
      }),
    ).toEqual([
      `libs/auth/src/a.ts:1 import past a face: '@countersign/migrations/0001-first.js'`,
      `libs/factors/src/a.ts:1 upward import '@countersign/migrations'`,
    ]);
  });

  it('do not bind test/', () => {
    expect(
      offences({
        'test/e2e/a.test.ts': `import '@countersign/core/secret.js'; import '../../libs/auth/src/x.js';`,
      }),
    ).toEqual([]);
  });
});

describe('an import is refused that', () => {
  it('points up', () => {
    expect(offences({ 'libs/core/src/a.ts': `\nimport { x } from '@countersign/directory';` })).toEqual([
      `libs/core/src/a.ts:2 upward import '@countersign/directory'`,
    ]);
  });

  it.each([
    ['core', 'factor-kit'],
    ['factor-kit', 'core'],
    ['devices', 'delivery'],
    ['auth', 'factor-testing'],
  ])('points sideways, from %s to %s', (from, to) => {
    expect(offences({ [`libs/${from}/src/a.ts`]: `import '@countersign/${to}';` })).toEqual([
      `libs/${from}/src/a.ts:1 sideways import '@countersign/${to}'`,
    ]);
  });

  it('goes past the face of a lib', () => {
    expect(
      offences({ 'libs/auth/src/a.ts': `import { x } from '@countersign/core/src/crypto/sealer.js';` }),
    ).toEqual([`libs/auth/src/a.ts:1 import past a face: '@countersign/core/src/crypto/sealer.js'`]);
  });

  it.each(['../../core/src/index.js', '../../../test/factories/user.js', '/work/elsewhere.js'])(
    'leaves its lib by the path %s',
    (path) => {
      expect(offences({ 'libs/auth/src/a.ts': `import '${path}';` })).toEqual([
        `libs/auth/src/a.ts:1 relative import leaves libs/auth: '${path}'`,
      ]);
    },
  );

  it('leaves the app for the inside of a lib', () => {
    expect(offences({ 'apps/api/src/a.ts': `import '../../../libs/core/src/index.js';` })).toEqual([
      `apps/api/src/a.ts:1 relative import leaves apps/api: '../../../libs/core/src/index.js'`,
    ]);
  });

  it('reaches migrations from a lib', () => {
    expect(offences({ 'libs/core/src/a.ts': `import '../../../migrations/0001-first.js';` })).toHaveLength(1);
  });

  it('names a lib that does not exist', () => {
    expect(offences({ 'libs/auth/src/a.ts': `import '@countersign/helpers';` })).toEqual([
      `libs/auth/src/a.ts:1 unknown lib '@countersign/helpers'`,
    ]);
  });

  it("goes through the lib's own face", () => {
    expect(offences({ 'libs/auth/src/a.ts': `import '@countersign/auth';` })).toEqual([
      `libs/auth/src/a.ts:1 libs/auth imports its own face '@countersign/auth'`,
    ]);
  });

  it('makes one use case depend on another, their specs excepted', () => {
    expect(
      offences({
        'libs/auth/src/login.use-case.ts': `import './refresh.use-case.js';`,
        'libs/auth/src/login.use-case.spec.ts': `import './login.use-case.js'; import './refresh.use-case.js';`,
      }),
    ).toEqual([`libs/auth/src/login.use-case.ts:1 use case imports the use case './refresh.use-case.js'`]);
  });
});

describe('every way to name a module counts:', () => {
  it.each([
    `import { x } from '@countersign/auth';`,
    `import '@countersign/auth';`,
    `import type { X } from '@countersign/auth';`,
    `import { type X } from '@countersign/auth';`,
    `export * from '@countersign/auth';`,
    `export type { X } from '@countersign/auth';`,
    `const x = await import('@countersign/auth');`,
    'const x = await import(`@countersign/auth`);',
    `type X = import('@countersign/auth').X;`,
    `import x = require('@countersign/auth');`,
    `const x = require('@countersign/auth');`,
    `const x = require.resolve('@countersign/auth');`,
    `vi.mock('@countersign/auth');`,
    `function late() { return import('@countersign/auth'); }`,
  ])('%s', (text) => {
    expect(offences({ 'libs/core/src/a.ts': text })).toEqual([
      `libs/core/src/a.ts:1 upward import '@countersign/auth'`,
    ]);
  });

  it('specs and other extensions too, comments and strings not', () => {
    expect(
      offences({
        'libs/core/src/a.spec.ts': `import '@countersign/auth';`,
        'libs/core/src/b.mts': `import '@countersign/auth';`,
        'libs/core/src/c.ts': `// import '@countersign/auth';\nconst x = "import '@countersign/auth'";`,
      }),
    ).toEqual([
      `libs/core/src/a.spec.ts:1 upward import '@countersign/auth'`,
      `libs/core/src/b.mts:1 upward import '@countersign/auth'`,
    ]);
  });
});

describe('circular imports', () => {
  it('between files of one lib are refused, once for each circle', () => {
    expect(
      offences({
        'libs/core/src/a.ts': `\nimport { b } from './deep/b.js';`,
        'libs/core/src/deep/b.ts': `export { c } from './c.js';`,
        'libs/core/src/deep/c.ts': `import type { A } from '../a.js';`,
        'libs/core/src/d.ts': `import './a.js';`,
      }),
    ).toEqual([`libs/core/src/a.ts:2 circular import: a.ts → deep/b.ts → deep/c.ts → a.ts`]);
  });

  it('of a file with itself are refused', () => {
    expect(offences({ 'libs/core/src/a.ts': `import './a.js';` })).toEqual([
      `libs/core/src/a.ts:1 circular import: a.ts → a.ts`,
    ]);
  });

  it('are not seen where two files share a third', () => {
    expect(
      offences({
        'libs/core/src/a.ts': `import './b.js'; import './c.js';`,
        'libs/core/src/b.ts': `import './c.js';`,
        'libs/core/src/c.ts': `export {};`,
      }),
    ).toEqual([]);
  });
});

describe('a built-in provider', () => {
  const provider = 'libs/factors/src/providers/totp/totp.factor.ts';

  it.each([
    '@countersign/core',
    '@countersign/directory',
    '@countersign/factors',
    '../backup-code/crockford.js',
    '../shared.js',
    '../../engine/registry.js',
  ])("does not import '%s'", (specifier) => {
    expect(offences({ [provider]: `import '${specifier}';` })).toEqual([
      `${provider}:1 built-in provider imports '${specifier}'`,
    ]);
  });

  it('shares fixtures with the others in its specs, and nowhere else', () => {
    const fixture = `import '../circumstances.fixture.js';`;
    expect(
      offences({
        'libs/factors/src/providers/circumstances.fixture.ts': `import type { A } from '@countersign/factor-kit';`,
        'libs/factors/src/providers/totp/totp.factor.spec.ts': fixture,
        [provider]: fixture,
        'libs/factors/src/providers/totp/deep.spec.ts': `import '../../engine/a.fixture.js';`,
      }),
    ).toEqual([
      `libs/factors/src/providers/totp/deep.spec.ts:1 built-in provider imports '../../engine/a.fixture.js'`,
      `${provider}:1 built-in provider imports '../circumstances.fixture.js'`,
    ]);
  });

  it('does not escape in a spec or in the list of providers', () => {
    expect(
      offences({
        'libs/factors/src/providers/totp/totp.spec.ts': `import '@countersign/core';`,
        'libs/factors/src/providers/index.ts': `import './totp/totp.factor.js'; import '../engine/registry.js';`,
      }),
    ).toEqual([
      `libs/factors/src/providers/index.ts:1 built-in provider imports '../engine/registry.js'`,
      `libs/factors/src/providers/totp/totp.spec.ts:1 built-in provider imports '@countersign/core'`,
    ]);
  });

  it('does not reach past the face of the kit', () => {
    expect(offences({ [provider]: `import '@countersign/factor-kit/src/verdict.js';` })).toEqual([
      `${provider}:1 import past a face: '@countersign/factor-kit/src/verdict.js'`,
    ]);
  });
});

describe('a migration', () => {
  it.each(['@countersign/core', 'pg', 'node:crypto', '../libs/core/src/ids/ids.js'])(
    "does not import '%s'",
    (specifier) => {
      expect(offences({ 'migrations/0001-first.ts': `import '${specifier}';` })).toEqual([
        `migrations/0001-first.ts:1 migration imports '${specifier}'`,
      ]);
    },
  );
});

describe('a folder of libs/ or apps/', () => {
  it('is refused until it has a floor', () => {
    expect(
      offences({ 'libs/helpers/src/index.ts': `export {};`, 'apps/rogue/src/main.ts': `export {};` }),
    ).toEqual(['apps/rogue:1 apps/rogue has no floor', 'libs/helpers:1 libs/helpers has no floor']);
  });
});
