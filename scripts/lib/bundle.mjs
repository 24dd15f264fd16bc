import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ROOT } from './repository.mjs';

const PROGRAMS = join(ROOT, 'dist/apps/api/src');
/** What brings machine code, and what TypeORM loads by itself: there must not be a second one beside it. */
const OUTSIDE = ['@node-rs/argon2', 'pg'];
/** TypeORM loads its drivers for every database there is to choose one. */
const ONE_DRIVER = {
  name: 'one-driver',
  resolveId: (source, importer) =>
    /typeorm[\\/]driver[\\/]DriverFactory\.js$/.test(importer ?? '') && /^\.\/(?!postgres\/)/.test(source)
      ? '\0no-driver'
      : undefined,
  load: (id) => (id === '\0no-driver' ? 'export {}' : undefined),
};

/**
 * Makes the service and its command line, each built already, out of a few files instead of three and a half thousand,
 * with everything of ours and of the packages that they need: to find and link that many is most of what a start takes
 * (docs/adr/0011-the-service-is-bundled.md). What a package asks for by a name that is made up while running, and what factors of
 * one's own import, is still looked for among the packages.
 */
export async function bundlePrograms() {
  const { rolldown } = await import('rolldown');
  const build = await rolldown({
    input: { main: join(PROGRAMS, 'main.js'), 'cli/main': join(PROGRAMS, 'cli/main.js') },
    platform: 'node',
    external: OUTSIDE,
    plugins: [ONE_DRIVER],
    // One copy for us, who import it, and for class-validator, which requires it.
    resolve: {
      alias: { 'libphonenumber-js/max': fileURLToPath(import.meta.resolve('libphonenumber-js/max')) },
    },
    onLog(level, log, report) {
      // What cannot be resolved is a driver or an adapter that nobody has installed, and nobody asks for.
      if (level !== 'warn') report(level, log);
    },
  });
  const { output } = await build.write({
    dir: PROGRAMS,
    format: 'esm',
    // Nest, TypeORM and the OpenAPI document go by the names of classes.
    keepNames: true,
    minify: { compress: false, mangle: false, codegen: { removeWhitespace: true } },
    chunkFileNames: 'chunks/[name]-[hash].js',
  });
  await build.close();
  for (const { fileName } of output) rewriteInAscii(join(PROGRAMS, fileName));
  // The compiler's, of files that are no more.
  for (const program of ['main', 'cli/main']) rmSync(join(PROGRAMS, `${program}.js.map`), { force: true });
}

/**
 * Escapes whatever is not ASCII, which means the same in strings, templates, regular expressions and names. V8 keeps the
 * text of every program, and a single other character doubles what the file takes in memory.
 */
function rewriteInAscii(file) {
  const text = readFileSync(file, 'utf8');
  const escaped = inAscii(text);
  if (escaped !== text) writeFileSync(file, escaped);
}

/** @throws where a backslash stands before such a character: its escape would be another text */
function inAscii(text) {
  const odd = /(?<!\\)(?:\\\\)*\\[\u0080-\uffff]/.exec(text);
  if (odd !== null) throw new Error(`Cannot be written in ASCII: ${odd[0]}`);
  return text.replace(/[\u0080-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
