import { answerSchemaOf, jsonSchemaOf } from '@countersign/factors';
import type { FactorBench } from '../bench/factor-bench.js';
import { Person } from '../bench/person.js';
import { hold } from '../contract-broken.js';
import type { FactorRule } from '../factor-rule.js';

/** Input, secret and answer are described by schemas that other programs can read. */
export const schemaRules: readonly FactorRule[] = [
  { name: 'its schemas have a JSON form, each of an object', binds: 'all', check: schemasHaveJsonForms },
  {
    name: 'its enrolment refuses fields that its input does not name',
    binds: 'all',
    check: unknownFieldsRefused,
  },
];

async function schemasHaveJsonForms({ engine }: FactorBench): Promise<void> {
  const { provider } = engine.registered;
  const schemas = { input: provider.input, secret: provider.secret, answer: answerSchemaOf(provider) };
  for (const [field, schema] of Object.entries(schemas)) {
    for (const target of ['draft-2020-12', 'openapi-3.0'] as const) {
      const json = jsonSchemaOf(schema, target);
      hold(json['type'] === 'object', `${field} is not an object in its ${target} form`);
    }
  }
}

async function unknownFieldsRefused(bench: FactorBench): Promise<void> {
  const person = await Person.make(bench);
  const result = await person.enrol({ ...bench.contract.input, contractUnknownField: 1 });
  hold(result.outcome === 'malformed', `an unknown field of the enrolment ended as ${result.outcome}`);
}
