import { Inject, Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { getConfigToken } from '@nestjs/config';
import { DiscoveryService } from '@nestjs/core';
import { Database } from '@countersign/core';
import { CodeDelivery } from '@countersign/delivery';
import type { FactorProviderOptions } from '@countersign/factor-kit';
import type { ApplicationPolicy } from '@countersign/directory';
import { factorProviderOptions } from '@countersign/factor-kit';
import { FactorStore } from '../factor.store.js';
import type { FactorsConfig } from '../factors.config.js';
import type { FactorClass } from './factor-class.js';
import { faultsOf } from './provider-faults.js';

/** A provider that passed the registry's checks. */
export interface RegisteredFactor {
  readonly options: FactorProviderOptions;
  readonly provider: FactorClass;
  /** Whether this deployment takes enrolments of the type. */
  readonly enabled: boolean;
}

/** Raised at start when the providers cannot be used as they are. */
export class FactorRegistryError extends Error {
  override readonly name = 'FactorRegistryError';

  constructor(faults: readonly string[]) {
    super(`The factor providers cannot be used:\n${faults.map((fault) => `  ${fault}`).join('\n')}`);
  }
}

/**
 * Every factor type of this deployment, found by the decorator in whatever module declares it. What cannot work is
 * refused when the process starts, not when a user is locked out.
 */
@Injectable()
export class FactorRegistry implements OnModuleInit {
  readonly #logger = new Logger('FactorRegistry');
  readonly #byType = new Map<string, RegisteredFactor>();
  /** Retired types that are known to be for recovery, because their provider is still here. */
  readonly #retiredRecovery = new Set<string>();

  constructor(
    private readonly discovery: DiscoveryService,
    private readonly factors: FactorStore,
    private readonly database: Database,
    private readonly delivery: CodeDelivery,
    @Inject(getConfigToken('factors')) private readonly config: FactorsConfig,
  ) {}

  /** @throws FactorRegistryError naming every fault */
  async onModuleInit(): Promise<void> {
    const faults = this.#discover();
    for (const type of this.config.enabled ?? []) {
      if (!this.#byType.has(type)) {
        faults.push(`FACTORS_ENABLED names “${type}”, which no provider provides (known: ${this.#known()})`);
      }
    }
    const enrolled = await this.factors.enrolledTypes(this.database.direct);
    for (const type of enrolled.filter((each) => !this.isUsable(each))) {
      if (this.#isRetired(type) || this.config.missing === 'retire') continue;
      faults.push(
        `Users have enrolled “${type}”, which no provider provides: add its module again, or set ` +
          `FACTORS_RETIRED=${type}, which refuses these factors until “factors remove --type ${type}” removes them`,
      );
    }
    if (faults.length > 0) throw new FactorRegistryError(faults);
    this.#tellOfLimits();
  }

  /** The provider of a type, whether or not it is offered: what is enrolled is always asked for. */
  find(type: string): RegisteredFactor | undefined {
    return this.#byType.get(type);
  }

  /**
   * Whether factors of a type can be asked for. One that was enrolled and cannot be is refused, never skipped: its user
   * answers by another factor, or is not let in.
   */
  isUsable(type: string): boolean {
    return this.#byType.has(type);
  }

  /** The provider of a type that takes enrolments in an application. */
  offered(type: string, policy: ApplicationPolicy): RegisteredFactor | undefined {
    return this.allOffered(policy).find((factor) => factor.options.type === type);
  }

  /** Every type that takes enrolments in an application, by name. */
  allOffered({ allowedFactorTypes }: Pick<ApplicationPolicy, 'allowedFactorTypes'>): RegisteredFactor[] {
    return this.all().filter(
      ({ enabled, options }) =>
        enabled && (allowedFactorTypes === null || allowedFactorTypes.includes(options.type)),
    );
  }

  /** Every provider, by the name of its type. */
  all(): RegisteredFactor[] {
    return [...this.#byType.values()].sort((a, b) => (a.options.type < b.options.type ? -1 : 1));
  }

  /** Whether a type only stands in for others (backup codes). */
  isRecovery(type: string): boolean {
    return this.#byType.get(type)?.options.recovery ?? this.#retiredRecovery.has(type);
  }

  #discover(): string[] {
    const faults: string[] = [];
    for (const { metatype, instance } of this.discovery.getProviders()) {
      const declared = declaredClass(metatype, instance);
      if (declared === undefined) continue;
      const { name, options } = declared;
      const found = faultsOf(name, options, instance);
      faults.push(...found);
      if (found.length > 0) continue;
      if (this.#isRetired(options.type)) {
        if (options.recovery === true) this.#retiredRecovery.add(options.type);
        continue;
      }
      const provider = instance as FactorClass;
      const other = this.#byType.get(options.type)?.provider;
      if (other === provider) continue;
      if (other !== undefined) {
        faults.push(`${other.constructor.name} and ${name} both provide “${options.type}”`);
        continue;
      }
      this.#byType.set(options.type, { options, provider, enabled: this.#enabled(options.type, provider) });
    }
    return faults;
  }

  #isRetired(type: string): boolean {
    return this.config.retired?.includes(type) === true;
  }

  // Codes that cannot be sent are not offered: a deployment need not have a vendor.
  #enabled(type: string, provider: FactorClass): boolean {
    const listed = this.config.enabled === undefined || this.config.enabled.includes(type);
    return listed && (provider.kind === 'answered' || this.delivery.offers(provider.channel));
  }

  // Otherwise their author learns of it by a user who waits.
  #tellOfLimits(): void {
    for (const { options, provider } of this.all()) {
      if (provider.kind !== 'answered' || options.sendsNothing !== undefined) continue;
      this.#logger.warn(
        `“${options.type}” does not say whether it sends anything (sendsNothing): it is limited as codes are that are sent`,
      );
    }
  }

  #known(): string {
    return [...this.#byType.keys()].sort().join(', ') || 'none';
  }
}

// A provider made by a factory, or given as a value, is known by its class too.
function declaredClass(
  metatype: unknown,
  instance: unknown,
): { readonly name: string; readonly options: FactorProviderOptions } | undefined {
  const made: unknown = typeof instance === 'object' && instance !== null ? instance.constructor : undefined;
  for (const candidate of [metatype, made]) {
    const options = typeof candidate === 'function' ? factorProviderOptions(candidate) : undefined;
    if (typeof candidate === 'function' && options !== undefined) return { name: candidate.name, options };
  }
  return undefined;
}
