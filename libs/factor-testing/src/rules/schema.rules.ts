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
  { name: 'it takes no answer without its fields', binds: 'all', kind: 'answered', check: answersHaveFields },
  { name: 'its amr are method references of RFC 8176', binds: 'all', check: amrIsRegistered },
];

/** https://www.iana.org/assignments/authentication-method-reference-values, the initial contents of RFC 8176. */
const METHOD_REFERENCES = new Set(
  'face fpt geo hwk iris kba mca mfa otp pin pop pwd rba retina sc sms swk tel user vbm wia'.split(' '),
);

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

async function answersHaveFields({ engine }: FactorBench): Promise<void> {
  const { issues } = await answerSchemaOf(engine.registered.provider)['~standard'].validate({});
  hold(
    issues !== undefined,
    'answer accepts {}: over HTTP an answer without fields is 400, and no user would get in. Require code, or credential',
  );
}

async function amrIsRegistered({ engine }: FactorBench): Promise<void> {
  const { amr } = engine.registered.options;
  hold(amr.length > 0, 'amr names no method: tokens would not say how the user was proven');
  // A name of one's own has to be one that nobody else has (RFC 8176 section 1).
  const unknown = amr.filter((name) => !METHOD_REFERENCES.has(name) && !/^(?:https:\/\/|urn:)./.test(name));
  hold(
    unknown.length === 0,
    `amr names ${unknown.map((name) => `“${name}”`).join(', ')}, which RFC 8176 does not know: use its names (otp, ` +
      'pin, pop, hwk, swk, user …), or a URI of your own',
  );
}
