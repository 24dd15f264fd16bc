import type { FactorBench } from './bench/factor-bench.js';

/** One rule of the provider contract. */
export interface FactorRule {
  /** A sentence about the provider, for test names and reports. */
  readonly name: string;
  /** Which providers it binds. `proper` factors are those that are not for recovery. */
  readonly binds: 'all' | 'proper' | 'recovery';
  /** Where it is only about providers of one kind. */
  readonly kind?: 'answered' | 'delivered';
  /** @throws ContractBroken where the provider breaks it */
  readonly check: (bench: FactorBench) => Promise<void>;
}
