import { Logger } from '@nestjs/common';
import { Problem, publicId } from '@countersign/core';
import { factorProviderOptions } from '@countersign/factor-kit';
import type { FactorClass } from './registry/factor-class.js';

/** What becomes of a provider's failures: a line in the log, and a refusal. */
export class ProviderFailures {
  readonly #logger = new Logger('FactorProvider');

  /** The problem of a provider that cannot do what nothing can go on without. */
  unavailable(provider: FactorClass, method: string, error: unknown): Problem {
    this.warn(provider, method, error);
    return new Problem('unavailable', {
      detail: 'This type of factor cannot be used at the moment.',
      retryAfter: 5,
    });
  }

  /**
   * The problem of a secret that its provider's schema does not take any more.
   * @param factorId UUID
   */
  misfit(provider: FactorClass, factorId: string): Problem {
    const type = factorProviderOptions(provider.constructor)?.type ?? '';
    this.#logger.error(
      `The secret of ${publicId('fac', factorId)} (“${type}”) does not fit the schema of ${provider.constructor.name}: ` +
        'the factor cannot be used until the schema accepts it again',
    );
    return new Problem('unavailable', {
      detail: 'This factor cannot be used at the moment.',
      retryAfter: 60,
    });
  }

  // The message of a stranger's error may hold anything, so only its class is logged.
  warn(provider: FactorClass, method: string, error: unknown): void {
    const kind = error instanceof Error ? error.constructor.name : typeof error;
    this.#logger.warn(`${provider.constructor.name}.${method} failed (${kind}): taken as a refusal`);
  }
}
