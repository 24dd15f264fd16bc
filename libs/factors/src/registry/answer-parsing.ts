import { plainSpelling } from '@countersign/factor-kit';
import { answerSchemaOf, type FactorClass } from './factor-class.js';
import { type ParsedValue, parseWith } from './schema-parsing.js';

/**
 * Reads an answer by its factor's schema: as it came, else with its code in plain spelling. What a schema takes as it
 * came is left alone, because a text of a provider's own may mean each of its characters. A schema that wants plain
 * digits or symbols gets one spelling of a code, so that it is spent once, however it is spelled.
 */
export async function parseAnswer(
  provider: FactorClass,
  answer: Readonly<Record<string, unknown>>,
): Promise<ParsedValue> {
  const schema = answerSchemaOf(provider);
  const asItCame = await parseWith(schema, answer);
  const { code } = answer;
  if (asItCame.accepted || typeof code !== 'string') return asItCame;
  const plain = plainSpelling(code);
  if (plain === code) return asItCame;
  const parsed = await parseWith(schema, { ...answer, code: plain });
  return parsed.accepted ? parsed : asItCame;
}
