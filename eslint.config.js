import js from '@eslint/js';
import { defineConfig, globalIgnores } from 'eslint/config';
import tseslint from 'typescript-eslint';

const TESTS = ['test/**/*.ts', '**/*.spec.ts', '**/test-clock.ts'];

/** `Date.now()`, `new Date()` and `Date()`: the machine's clock, read behind the clock port's back. */
const THE_MACHINES_CLOCK = [
  {
    selector: "CallExpression[callee.object.name='Date'][callee.property.name='now']",
    message: 'Time comes from the Clock port, so that tests can move it (style.md).',
  },
  {
    selector: "NewExpression[callee.name='Date'][arguments.length=0]",
    message: 'Time comes from the Clock port, so that tests can move it (style.md).',
  },
  {
    selector: "CallExpression[callee.name='Date']",
    message: 'Time comes from the Clock port, so that tests can move it (style.md).',
  },
];

const WEAK_RANDOMNESS = {
  selector: "CallExpression[callee.object.name='Math'][callee.property.name='random']",
  message: 'Randomness comes from node:crypto (style.md).',
};

const CROWDED_CONSTRUCTOR = {
  selector: "MethodDefinition[kind='constructor'] > FunctionExpression[params.length>5]",
  message: 'A constructor over five dependencies asks to be two classes (style.md).',
};

const DEFAULT_EXPORTS = [
  {
    selector: 'ExportDefaultDeclaration',
    message: 'No default exports: a name that is exported is a name that can be searched for (style.md).',
  },
  {
    selector: "ExportSpecifier[exported.name='default']",
    message: 'No default exports: a name that is exported is a name that can be searched for (style.md).',
  },
];

/** This file runs on Node, so that its own global object is the list of what scripts may name. */
const NODE_GLOBALS = Object.fromEntries(
  Object.getOwnPropertyNames(globalThis).map((name) => [name, 'readonly']),
);

export default defineConfig(
  globalIgnores(['dist/', 'coverage/', '.data/', 'node_modules/', '**/*.d.ts']),
  js.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: {
      parserOptions: {
        project: './tsconfig.json',
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-non-null-assertion': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true, requireDefaultForNonUnion: true },
      ],
      // The rule reads `emitDecoratorMetadata` from the tsconfig and leaves files with decorators alone: there an
      // import that looks like a type may be the class that Nest injects.
      '@typescript-eslint/consistent-type-imports': [
        'error',
        { fixStyle: 'inline-type-imports', disallowTypeAnnotations: false },
      ],
      '@typescript-eslint/consistent-type-exports': 'error',
      '@typescript-eslint/only-throw-error': 'error',
      '@typescript-eslint/return-await': ['error', 'error-handling-correctness-only'],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      // `async` without `await` is how an in-process adapter keeps a port's promise.
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
    },
  },
  {
    rules: {
      eqeqeq: 'error',
      'no-console': 'error',
      'max-lines': ['error', { max: 300, skipBlankLines: true, skipComments: true }],
      'no-restricted-syntax': [
        'error',
        WEAK_RANDOMNESS,
        CROWDED_CONSTRUCTOR,
        ...DEFAULT_EXPORTS,
        ...THE_MACHINES_CLOCK,
      ],
    },
  },
  {
    // The clock's one adapter, and tests, which may compare with the machine's clock.
    files: ['libs/core/src/clock/clock.ts', ...TESTS],
    rules: { 'no-restricted-syntax': ['error', WEAK_RANDOMNESS, CROWDED_CONSTRUCTOR, ...DEFAULT_EXPORTS] },
  },
  { files: TESTS, rules: { 'max-lines': 'off' } },
  {
    // Tests look into whatever came back over HTTP: a field that is missing fails the assertion, as it should.
    files: ['test/**/*.ts'],
    rules: {
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
    },
  },
  {
    // What a person types and reads in a terminal, and what they copy.
    files: ['scripts/**', 'bench/**', 'examples/**/*.mjs'],
    languageOptions: { globals: NODE_GLOBALS },
    rules: {
      'no-console': 'off',
      'no-restricted-syntax': ['error', WEAK_RANDOMNESS, CROWDED_CONSTRUCTOR, ...DEFAULT_EXPORTS],
    },
  },
  {
    // These tools ask for a default export.
    files: ['eslint.config.js', 'vitest.config.ts', '**/*.config.{js,ts}'],
    rules: { 'no-restricted-syntax': ['error', WEAK_RANDOMNESS] },
  },
);
