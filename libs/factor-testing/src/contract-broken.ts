/** Raised by a rule that a provider breaks. The message says what was seen and what should have been. */
export class ContractBroken extends Error {
  override readonly name = 'ContractBroken';
}

/**
 * States what must be so.
 * @throws ContractBroken with the sentence that says what is wrong
 */
export function hold(condition: boolean, whatIsWrong: string): asserts condition {
  if (!condition) throw new ContractBroken(whatIsWrong);
}
