import type { Type } from '@nestjs/common';
import { factorProviderOptions } from '@countersign/factor-kit';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { StartFailure } from './start-failure.js';

/** What the modules of FACTOR_MODULES bring: providers, and Nest modules that hold some. */
export interface LoadedFactors {
  readonly providers: readonly Type[];
  readonly modules: readonly Type[];
}

/**
 * Imports the modules that FACTOR_MODULES names: a path counts from the working directory, a package is looked for in
 * its node_modules before ours. Of each, every exported Nest module is taken, and every exported provider that none of
 * them holds.
 *
 * @throws StartFailure naming the module, where it cannot be found or imported, or holds no provider
 */
export async function loadFactorModules(
  names: readonly string[],
  from: string = process.cwd(),
): Promise<LoadedFactors> {
  const loaded = await Promise.all(names.map((name) => load(name, from)));
  return {
    providers: loaded.flatMap(({ providers }) => providers),
    modules: loaded.flatMap(({ modules }) => modules),
  };
}

async function load(name: string, from: string): Promise<LoadedFactors> {
  const exported = Object.values(await imported(name, from)).filter(isClass);
  const modules = exported.filter(isNestModule);
  const held = new Set(modules.flatMap(providersOf));
  const providers = exported.filter(
    (value) => factorProviderOptions(value) !== undefined && !held.has(value),
  );
  if (modules.length + providers.length > 0) return { modules, providers };
  throw new StartFailure(
    `FACTOR_MODULES: ${name} exports no factor: export a class decorated with @FactorProvider, or a Nest module ` +
      'that provides one.',
  );
}

async function imported(name: string, from: string): Promise<Record<string, unknown>> {
  try {
    return (await import(located(name, from))) as Record<string, unknown>;
  } catch (error) {
    const { code, message } =
      error instanceof Error ? (error as NodeJS.ErrnoException) : { code: '', message: '' };
    const missing = code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND';
    throw new StartFailure(
      missing
        ? `FACTOR_MODULES: ${name} cannot be found from ${from}, or something that it imports: ${firstLine(message)}`
        : `FACTOR_MODULES: ${name} cannot be imported: ${error instanceof Error ? (error.stack ?? message) : String(error)}`,
    );
  }
}

function located(name: string, from: string): string {
  if (/^\.{0,2}\//.test(name) || name.startsWith('.')) return pathToFileURL(resolve(from, name)).href;
  try {
    return pathToFileURL(createRequire(join(from, 'package.json')).resolve(name)).href;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ERR_PACKAGE_PATH_NOT_EXPORTED') return entryOf(name, from);
    // Perhaps it was installed beside us.
    return name;
  }
}

// A package for `import` alone: `require` does not see its entry.
function entryOf(name: string, from: string): string {
  const manifest = manifestOf(name, from);
  if (manifest === undefined) return name;
  const { exports } = JSON.parse(readFileSync(manifest, 'utf8')) as { exports?: unknown };
  const entry = importEntry(exportedAs(subpathOf(name), exports));
  return entry === undefined ? name : pathToFileURL(join(dirname(manifest), entry)).href;
}

// Where Node looks for it: module.findPackageJSON does the same, from Node 22.14 on.
function manifestOf(name: string, from: string): string | undefined {
  const folders = createRequire(join(from, 'package.json')).resolve.paths(name) ?? [];
  return folders
    .map((folder) => join(folder, packageOf(name), 'package.json'))
    .find((path) => existsSync(path));
}

// `@acme/cards` of `@acme/cards/grid`.
function packageOf(name: string): string {
  return name.split('/', name.startsWith('@') ? 2 : 1).join('/');
}

// `./grid` of `@acme/cards/grid`, `.` of `@acme/cards`.
function subpathOf(name: string): string {
  return `.${name.slice(packageOf(name).length)}`;
}

// Without subpaths, `exports` is what the package itself is. Patterns of subpaths are not looked into.
function exportedAs(subpath: string, exports: unknown): unknown {
  if (typeof exports !== 'object' || exports === null || !('.' in exports || subpath in exports)) {
    return subpath === '.' ? exports : undefined;
  }
  return (exports as Record<string, unknown>)[subpath];
}

// https://nodejs.org/api/packages.html#conditional-exports: the first condition that holds.
function importEntry(target: unknown): string | undefined {
  if (typeof target === 'string') return target;
  if (typeof target !== 'object' || target === null) return undefined;
  for (const [condition, value] of Object.entries(target)) {
    if (!['node', 'import', 'module-sync', 'default'].includes(condition)) continue;
    const entry = importEntry(value);
    if (entry !== undefined) return entry;
  }
  return undefined;
}

function isClass(value: unknown): value is Type {
  return typeof value === 'function';
}

function isNestModule(value: Type): boolean {
  return ['imports', 'providers', 'exports'].some((key) => Reflect.hasOwnMetadata(key, value));
}

// The classes that a Nest module lists: bare, or as what a token is made of.
function providersOf(module: Type): unknown[] {
  const listed = (Reflect.getOwnMetadata('providers', module) ?? []) as readonly (
    Type | { readonly provide?: unknown; readonly useClass?: unknown }
  )[];
  return listed.flatMap((item) => (typeof item === 'function' ? [item] : [item.provide, item.useClass]));
}

function firstLine(message: string): string {
  return message.split('\n', 1)[0] ?? '';
}
