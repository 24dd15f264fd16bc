import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

const SOURCE = /\.[cm]?[jt]sx?$/;
const SKIPPED = new Set(['node_modules', 'dist', 'coverage']);

/**
 * Lists the source files below a folder.
 *
 * @param {string} root the folder that the answer is relative to
 * @param {string} folder a folder below it; one that does not exist has no files
 * @returns {string[]} paths with forward slashes, relative to `root`, sorted
 */
export function sourceFiles(root, folder) {
  let entries;
  try {
    entries = readdirSync(join(root, folder), { withFileTypes: true });
  } catch (error) {
    if (error.code === 'ENOENT') return [];
    throw error;
  }
  return entries
    .flatMap((entry) => {
      const path = `${folder}/${entry.name}`;
      if (entry.isDirectory()) return SKIPPED.has(entry.name) ? [] : sourceFiles(root, path);
      return SOURCE.test(entry.name) ? [path] : [];
    })
    .sort();
}

/**
 * Finds every module that a file names: `import`, `import type`, `export … from`, `import()`, `require()`,
 * `import x = require()`, `import('…').Type`, mocks of vitest and `/// <reference path>`. Names that are only
 * known at run time cannot be seen.
 *
 * @param {string} root
 * @param {string} file relative to `root`
 * @returns {{ specifier: string, line: number }[]} in the order of the file; lines count from 1
 */
export function importsOf(root, file) {
  const source = ts.createSourceFile(file, readFileSync(join(root, file), 'utf8'), ts.ScriptTarget.Latest);
  const found = source.referencedFiles.map(({ fileName, pos }) => at(source, fileName, pos));
  const visit = (node) => {
    const literal = moduleNamedBy(node);
    if (literal !== undefined) found.push(at(source, literal.text, literal.getStart(source)));
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

function at(source, specifier, position) {
  return { specifier, line: source.getLineAndCharacterOfPosition(position).line + 1 };
}

/** The string literal by which a node names a module, or `undefined`. */
function moduleNamedBy(node) {
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) return literal(node.moduleSpecifier);
  if (ts.isExternalModuleReference(node)) return literal(node.expression);
  if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) return literal(node.argument.literal);
  if (ts.isCallExpression(node) && loadsModules(node.expression)) return literal(node.arguments[0]);
  return undefined;
}

const VITEST_LOADERS = new Set(['mock', 'doMock', 'importActual', 'importMock']);

function loadsModules(callee) {
  if (callee.kind === ts.SyntaxKind.ImportKeyword) return true;
  if (ts.isIdentifier(callee)) return callee.text === 'require';
  if (!ts.isPropertyAccessExpression(callee) || !ts.isIdentifier(callee.expression)) return false;
  const { text } = callee.expression;
  return text === 'require' || (text === 'vi' && VITEST_LOADERS.has(callee.name.text));
}

function literal(node) {
  return node !== undefined && ts.isStringLiteralLike(node) ? node : undefined;
}
