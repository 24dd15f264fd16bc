import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { nearMisses } from './near-miss.js';
import {
  ALLOWANCES,
  type Allowance,
  type ConfigFault,
  type ConfigSection,
  type Environment,
  type Surroundings,
} from './section.js';

/** Raised when the environment cannot be used: every fault at once, each naming its variable. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';

  /** @param warnings what may explain the faults, such as a misspelt name */
  constructor(
    readonly faults: readonly ConfigFault[],
    warnings: readonly string[] = [],
  ) {
    const lines = [...faults.map((fault) => `${fault.variable}: ${fault.message}`), ...warnings];
    super(`The configuration cannot be used:\n${lines.map((line) => `  ${line}`).join('\n')}`);
  }
}

/** The slices by section name, with what the operator should know. */
export interface LoadedConfig {
  readonly surroundings: Surroundings;
  readonly slices: Readonly<Record<string, object>>;
  readonly warnings: readonly string[];
}

const ENVIRONMENTS: readonly Environment[] = ['development', 'test', 'production'];

/**
 * Reads the environment once, before anything starts.
 *
 * @param env usually `process.env`; an empty value counts as absent
 * @param sections every library's part
 * @returns the frozen slices, by section name
 * @throws ConfigError with every fault of every section
 */
export function loadConfig(
  env: Readonly<Record<string, string | undefined>>,
  sections: readonly ConfigSection[],
): LoadedConfig {
  const faults: ConfigFault[] = [];
  const names = knownNames(sections);
  const { values, trimmed } = withoutStrayEnds(env, names, faults);
  const surroundings = readSurroundings(values, faults);
  const parsed = sections.map((section) =>
    parse(section, rawValues(values, section, faults), surroundings, faults),
  );
  const warnings = [...trimmed, ...nearMisses(env, names)];
  if (faults.length > 0) throw new ConfigError(faults, warnings);

  const slices: Record<string, object> = {};
  sections.forEach((section, index) => {
    const values = parsed[index];
    if (values !== undefined) slices[section.name] = Object.freeze(section.read(values, surroundings));
  });
  return { surroundings, slices: Object.freeze(slices), warnings };
}

const STRAY_ENDS = /^[\s\p{Cc}\p{Cf}]+|[\s\p{Cc}\p{Cf}]+$/gu;
// Templates of several lines are none of these.
const STRAY_INSIDE = /(?![\t\r\n])\p{Cc}/u;

/**
 * Cuts off what nobody sees and no value means: the CR of a file that was written on Windows, the blank that was copied
 * too. Inside of a value it is refused.
 */
function withoutStrayEnds(
  env: Readonly<Record<string, string | undefined>>,
  names: readonly string[],
  faults: ConfigFault[],
): { readonly values: Record<string, string | undefined>; readonly trimmed: string[] } {
  const values: Record<string, string | undefined> = { ...env };
  const trimmed: string[] = [];
  for (const name of names) {
    const value = env[name];
    if (value === undefined) continue;
    const bare = value.replace(STRAY_ENDS, '');
    values[name] = bare;
    if (bare !== value) {
      trimmed.push(`${name} has blanks or control characters at its ends, which were cut off.`);
    }
    if (STRAY_INSIDE.test(bare)) {
      values[name] = undefined;
      faults.push({ variable: name, message: 'holds a control character; write it again' });
    }
  }
  return { values, trimmed };
}

// A value that cannot be read must not hide what else is wrong: the rest is judged without it.
function parse(
  section: ConfigSection,
  raw: Readonly<Record<string, string>>,
  surroundings: Surroundings,
  faults: ConfigFault[],
): Record<string, unknown> | undefined {
  const schema = z.object(section.variables);
  const result = schema.safeParse(raw);
  const wrong = new Set<string>();
  for (const issue of result.error?.issues ?? []) {
    const variable = String(issue.path[0]);
    if (wrong.has(variable)) continue;
    wrong.add(variable);
    faults.push({ variable, message: issue.code === 'invalid_type' ? 'is required' : issue.message });
  }
  const readable = Object.fromEntries(Object.entries(raw).filter(([name]) => !wrong.has(name)));
  const { data } = result.success ? result : schema.safeParse(readable);
  if (data === undefined) return undefined;
  const refused = section.refuse?.(data, surroundings) ?? [];
  faults.push(...refused.filter(({ variable }) => !wrong.has(variable)));
  return data;
}

/** Every variable name of the sections, `*_FILE` forms included. */
export function knownNames(sections: readonly ConfigSection[]): string[] {
  return sections.flatMap((section) => [
    ...Object.keys(section.variables),
    ...section.secrets.map((name) => `${name}_FILE`),
  ]);
}

function readSurroundings(
  env: Readonly<Record<string, string | undefined>>,
  faults: ConfigFault[],
): Surroundings {
  const name = env['NODE_ENV'] === undefined || env['NODE_ENV'] === '' ? 'development' : env['NODE_ENV'];
  const environment = ENVIRONMENTS.find((known) => known === name);
  if (environment === undefined) {
    faults.push({ variable: 'NODE_ENV', message: `expected one of ${ENVIRONMENTS.join(', ')}` });
  }
  const allowed = new Set<Allowance>();
  for (const item of (env['ALLOW_IN_PRODUCTION'] ?? '').split(',').map((text) => text.trim())) {
    const allowance = ALLOWANCES.find((known) => known === item);
    if (allowance !== undefined) allowed.add(allowance);
    else if (item !== '') {
      faults.push({
        variable: 'ALLOW_IN_PRODUCTION',
        message: `does not know “${item}”; expected any of ${ALLOWANCES.join(', ')}`,
      });
    }
  }
  // Surroundings that nobody knows are held to the strictest rules, so that one start tells everything.
  const held = environment ?? 'production';
  return { environment: held, production: held === 'production', allowed };
}

function rawValues(
  env: Readonly<Record<string, string | undefined>>,
  section: ConfigSection,
  faults: ConfigFault[],
): Record<string, string> {
  const raw: Record<string, string> = {};
  for (const name of Object.keys(section.variables)) {
    const value = env[name];
    if (value !== undefined && value !== '') raw[name] = value;
  }
  for (const name of section.secrets) {
    const file = env[`${name}_FILE`];
    if (file === undefined || file === '') continue;
    if (raw[name] !== undefined) {
      faults.push({ variable: name, message: `is set, and so is ${name}_FILE; set one of them` });
      continue;
    }
    try {
      const value = readFileSync(file, 'utf8').trim();
      if (value === '') faults.push({ variable: `${name}_FILE`, message: `${file} is empty` });
      else raw[name] = value;
    } catch {
      faults.push({ variable: `${name}_FILE`, message: `cannot read ${file}` });
    }
  }
  return raw;
}
