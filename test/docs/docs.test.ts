import { existsSync, readFileSync } from 'node:fs';
import { delimiter, dirname, join, normalize } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { unlikeness } from './likeness.js';
import { anchors, type Block, type Page, prose, readPages, ROOT } from './markdown.js';
import { type RunningService, startAsDocumented } from './running-service.js';
import { API_LINE, runSession } from './shell-session.js';

const START = 'npm start\n';
/** npm's own verbs, which need no script. */
const NPM_VERBS = ['ci', 'install', 'prune'];

const pages = readPages();
const runnable = pages.filter(({ blocks }) => blocks.some(isShell));
const hasOathtool = (process.env['PATH'] ?? '')
  .split(delimiter)
  .some((folder) => existsSync(join(folder, 'oathtool')));
if (!hasOathtool) {
  process.stdout.write('There is no oathtool: apt-get install oathtool (the documents are not run)\n');
}

function isShell({ language }: Block): boolean {
  return language === 'sh';
}

describe.skipIf(!hasOathtool && process.env['CI'] === undefined)('the shell blocks of the documents', () => {
  let service: RunningService;
  beforeAll(async () => {
    service = await startAsDocumented(START);
  });
  afterAll(() => service.stop());

  it.each(runnable)(
    'of $path run one after another in one shell and print what the page shows',
    async (page) => {
      const blocks = page.blocks.filter((block) => isShell(block) && block.text !== START);
      expect(
        blocks.filter(({ text }) => text === API_LINE),
        'the page says once where the service is',
      ).toHaveLength(1);
      const { outputs, errors, exitCode } = await runSession(blocks, service);
      const failed = blocks[outputs.length];
      expect(exitCode, `${page.path}:${failed?.line ?? 0} failed\n${errors}`).toBe(0);
      const unlike = blocks.flatMap((block, index) =>
        differences(page, block, outputs[index] ?? '').map((fault) => `${page.path}:${block.line} ${fault}`),
      );
      expect(unlike).toEqual([]);
    },
  );

  it('begin with npm start', () => {
    const first = runnable.map(({ path, blocks }) => [path, blocks.find(isShell)?.text]);
    expect(first).toEqual(runnable.map(({ path }) => [path, START]));
  });

  it('speak to routes that are served, as do the texts around them', async () => {
    const response = await fetch(`${service.url}/openapi.json`);
    const { paths } = (await response.json()) as { paths: Record<string, Record<string, unknown>> };
    const served = Object.entries(paths).flatMap(([path, item]) =>
      Object.keys(item).map((method) => `${method.toUpperCase()} ${path.replace(/\{\w+\}/g, '{id}')}`),
    );
    const guides = pages.filter(({ path }) => !path.startsWith('docs/problems/'));
    const named = guides.flatMap(({ path, text }) =>
      [...text.matchAll(/\b(GET|POST|PUT|PATCH|DELETE) (\/v1\/[\w/{}-]+)/g)].map(
        ([, method = '', route = '']) => ({ path, route: `${method} ${route.replace(/\{\w+\}/g, '{id}')}` }),
      ),
    );
    expect(named.filter(({ route }) => !served.includes(route))).toEqual([]);
  });
});

describe('the documents', () => {
  it('link to files and headings that exist', () => {
    expect(pages.flatMap(deadLinks)).toEqual([]);
  });

  it('name npm scripts that exist', () => {
    const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
      scripts: Record<string, string>;
    };
    const known = new Set([...Object.keys(scripts).map((name) => name), ...NPM_VERBS]);
    const unknown = pages.flatMap(({ path, text }) =>
      [...text.matchAll(/\bnpm (?:run ([\w:-]+)|(start|test|ci|install|prune)\b)/g)]
        .map(([, script, verb]) => script ?? verb ?? '')
        .filter((name) => !known.has(name))
        .map((name) => `${path}: npm run ${name}`),
    );
    expect(unknown).toEqual([]);
  });

  it('show the code of files as it is', () => {
    expect(pages.flatMap(outdatedExcerpts)).toEqual([]);
  });

  it('promise what a test of that name holds', () => {
    const promising = pages.filter(({ path }) =>
      ['docs/security.md', 'docs/asvs.md', 'docs/scaling.md', 'docs/performance.md'].includes(path),
    );
    expect(promising.flatMap(unheldPromises)).toEqual([]);
  });

  it('name files of the repository that exist', () => {
    const missing = pages.flatMap((page) =>
      [
        ...prose(page).matchAll(
          /`((?:apps|libs|test|scripts|bench|migrations|docs)\/[\w./-]+\.(?:ts|mjs|md))`/g,
        ),
      ]
        .map(([, file = '']) => file)
        .filter((file) => !existsSync(join(ROOT, file)))
        .map((file) => `${page.path}: ${file}`),
    );
    expect(missing).toEqual([]);
  });
});

/** The texts of links to tests that the linked file does not have. */
function unheldPromises({ path, text }: Page): string[] {
  return [...text.matchAll(/\[([^\]]+)\]\(([^)]+\.(?:test|spec)\.ts)\)/g)]
    .filter(([, name = '', file = '']) => {
      const target = join(ROOT, dirname(path), file);
      // As it stands in the source, where an apostrophe is escaped or the text is in other quotes.
      return !existsSync(target) || !readFileSync(target, 'utf8').replaceAll("\\'", "'").includes(name);
    })
    .map(([, name = '', file = '']) => `${path}: ${file} has no test “${name}”`);
}

/** Blocks that say which file they show, and do not. */
function outdatedExcerpts({ path, text }: Page): string[] {
  return [...text.matchAll(/<!-- The text of (\S+) -->\n+```ts\n(.*?)^```$/gms)]
    .filter(([, file = '', code]) => readFileSync(join(ROOT, file), 'utf8') !== code)
    .map(([, file = '']) => `${path}: ${file} has changed`);
}

/** What the block printed against the block that the page shows under it, where it shows one. */
function differences(page: Page, block: Block, output: string): string[] {
  const next = page.blocks[page.blocks.indexOf(block) + 1];
  if (next?.language === 'text') return unlikeness(output.trim(), next.text.trim());
  if (next?.language !== 'json') return [];
  try {
    return unlikeness(JSON.parse(output), JSON.parse(next.text));
  } catch {
    return [`printed no JSON: ${output}`];
  }
}

function deadLinks(page: Page): string[] {
  const text = prose(page);
  const links = [...text.matchAll(/\]\(([^)\s]+)\)/g), ...text.matchAll(/(?:src|srcset)="([^"]+)"/g)];
  return links
    .map(([, target = '']) => target)
    .filter((target) => !/^[a-z]+:/.test(target))
    .filter((target) => !isAlive(page, target))
    .map((target) => `${page.path}: ${target}`);
}

function isAlive(page: Page, target: string): boolean {
  const [file = '', anchor] = target.split('#');
  const path = file === '' ? page.path : normalize(join(dirname(page.path), file));
  if (!existsSync(join(ROOT, path))) return false;
  if (anchor === undefined) return true;
  const linked = pages.find((other) => other.path === path);
  return linked !== undefined && anchors(linked).includes(anchor);
}
