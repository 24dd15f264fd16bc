import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadFactorModules } from './factor-modules.js';
import { StartFailure } from './start-failure.js';

/** A factor as compilers leave it: the decorator's metadata, and no more of the kit than that. */
const factor = (name: string): string => `
  export class ${name} {}
  Reflect.defineMetadata(Symbol.for('countersign.factor-provider'), { type: '${name.toLowerCase()}' }, ${name});
`;
const nestModule = (name: string, ...providers: string[]): string => `
  export class ${name} {}
  Reflect.defineMetadata('providers', [${providers.join(', ')}], ${name});
`;

describe('the loader of factor modules', () => {
  let folder: string;
  const write = (path: string, text: string): void => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  };
  const loaded = async (...names: string[]): Promise<{ modules: string[]; providers: string[] }> => {
    const { modules, providers } = await loadFactorModules(names, folder);
    return { modules: modules.map(({ name }) => name), providers: providers.map(({ name }) => name) };
  };
  const installed = (name: string, manifest: object, files: Readonly<Record<string, string>>): void => {
    write(`node_modules/${name}/package.json`, JSON.stringify({ name, type: 'module', ...manifest }));
    for (const [path, text] of Object.entries(files)) write(`node_modules/${name}/${path}`, text);
  };

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'countersign-modules-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('takes every exported factor of a path, and nothing else that it exports', async () => {
    write('two.mjs', `${factor('Card')}${factor('Ring')} export class Other {} export const odd = 1;`);
    expect(await loaded('./two.mjs')).toEqual({ modules: [], providers: ['Card', 'Ring'] });
    expect(await loaded(join(folder, 'two.mjs'))).toEqual({ modules: [], providers: ['Card', 'Ring'] });
  });

  it('takes Nest modules, and beside them the factors that none of them holds', async () => {
    write(
      'mixed.mjs',
      factor('Held') +
        factor('Made') +
        factor('Loose') +
        nestModule('CardModule', 'Held', "{ provide: 'card', useClass: Made }"),
    );
    expect(await loaded('./mixed.mjs')).toEqual({ modules: ['CardModule'], providers: ['Loose'] });
  });

  it('takes CommonJS', async () => {
    write(
      'old.cjs',
      `class Old {} Reflect.defineMetadata(Symbol.for('countersign.factor-provider'), { type: 'old' }, Old);
       exports.Old = Old;`,
    );
    expect(await loaded('./old.cjs')).toEqual({ modules: [], providers: ['Old'] });
  });

  it('finds a package by its name, also one that only `import` may enter, and by its subpaths', async () => {
    installed('@acme/plain', { exports: './index.js' }, { 'index.js': factor('Plain') });
    installed(
      '@acme/cards',
      {
        exports: {
          '.': { types: './index.d.ts', import: './index.js' },
          './grid': { import: { default: './grid.js' } },
        },
      },
      { 'index.js': factor('Index'), 'grid.js': factor('Grid') },
    );
    installed('bare', { exports: { import: './bare.js' } }, { 'bare.js': factor('Bare') });
    expect(await loaded('@acme/plain', '@acme/cards', '@acme/cards/grid', 'bare')).toEqual({
      modules: [],
      providers: ['Plain', 'Index', 'Grid', 'Bare'],
    });
    await expect(loaded('@acme/cards/nothing')).rejects.toThrow('@acme/cards/nothing cannot be');
    await expect(loaded('bare/nothing')).rejects.toThrow('bare/nothing cannot be');
  });

  it('finds a package through a link, as npm makes them of folders', async () => {
    write('elsewhere/package.json', JSON.stringify({ name: 'linked', type: 'module', exports: './l.js' }));
    write('elsewhere/l.js', factor('Linked'));
    mkdirSync(join(folder, 'node_modules'), { recursive: true });
    symlinkSync(join(folder, 'elsewhere'), join(folder, 'node_modules/linked'));
    expect(await loaded('linked')).toEqual({ modules: [], providers: ['Linked'] });
  });

  it('sees what another copy of reflect-metadata wrote', async () => {
    const ours = readFileSync(fileURLToPath(import.meta.resolve('reflect-metadata')), 'utf8');
    installed('reflect-metadata', { type: 'commonjs', main: 'Reflect.js' }, { 'Reflect.js': ours });
    write('copy.mjs', `import 'reflect-metadata'; ${factor('Copied')}`);
    expect(await loaded('./copy.mjs')).toEqual({ modules: [], providers: ['Copied'] });
  });

  it.each([
    ['is not there', './nowhere.mjs', undefined, /^FACTOR_MODULES: \.\/nowhere\.mjs cannot be found from \//],
    [
      'needs what is not there',
      './needy.mjs',
      "import 'not-installed-anywhere';",
      /or something that it imports: .*not-installed-anywhere/,
    ],
    [
      'exports no factor',
      './none.mjs',
      'export class Card {}',
      /none\.mjs exports no factor: export a class/,
    ],
    ['throws what is no error', './null.mjs', 'throw null;', /null\.mjs cannot be imported: null/],
  ])('refuses the start with a sentence where a module %s', async (_what, name, text, sentence) => {
    if (text !== undefined) write(name, text);
    const failure: unknown = await loadFactorModules([name], folder).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(StartFailure);
    expect((failure as Error).message).toMatch(sentence);
  });
});
