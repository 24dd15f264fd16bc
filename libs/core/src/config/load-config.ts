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

  constructor(readonly faults: readonly ConfigFault[]) {
    super(
      `The configuration cannot be used:\n${faults.map((fault) => `  ${fault.variable}: ${fault.message}`).join('\n')}`,
    );
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
  const surroundings = readSurroundings(env, faults);
  const parsed = sections.map((section) => {
    const raw = rawValues(env, section, faults);
    const result = z.object(section.variables).safeParse(raw);
    if (!result.success) {
      faults.push(
        ...result.error.issues.map((issue) => ({
          variable: String(issue.path[0]),
          message: issue.code === 'invalid_type' ? 'is required' : issue.message,
        })),
      );
      return undefined;
    }
    faults.push(...(section.refuse?.(result.data, surroundings) ?? []));
    return result.data;
  });
  if (faults.length > 0) throw new ConfigError(faults);

  const slices: Record<string, object> = {};
  sections.forEach((section, index) => {
    const values = parsed[index];
    if (values !== undefined) slices[section.name] = Object.freeze(section.read(values, surroundings));
  });
  return { surroundings, slices: Object.freeze(slices), warnings: nearMisses(env, knownNames(sections)) };
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
  return { environment: environment ?? 'production', production: environment === 'production', allowed };
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
      raw[name] = readFileSync(file, 'utf8').trim();
    } catch {
      faults.push({ variable: `${name}_FILE`, message: `cannot read ${file}` });
    }
  }
  return raw;
}
