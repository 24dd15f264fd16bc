import type { Provider } from '@nestjs/common';
import type { FactorBench } from './factor-bench.js';

/** What a provider stands on, while it fails. */
export interface BrokenWorld {
  /** What was asked and failed since the last look; `undefined` where nothing was. */
  asked(): string | undefined;
  mend(): void;
}

const FAILURE = 'the contract suite lets this fail';

/** Lets `fetch` fail, and everything that the contract injects, but what it says may fail. */
export function breakWorld({ contract, engine }: FactorBench): BrokenWorld {
  let asked: string | undefined;
  const mended: (() => void)[] = [];
  const failing = (name: string, original: (...args: unknown[]) => unknown) =>
    function fail(this: unknown, ...args: unknown[]): unknown {
      asked = name;
      const failure = new Error(FAILURE);
      // In the way in which it would: the answer to a request is lost, or there is a throw.
      const result: unknown = original.apply(this, args);
      if (!(result instanceof Promise)) throw failure;
      return result.then(
        () => Promise.reject(failure),
        () => Promise.reject(failure),
      );
    };

  const { fetch } = globalThis;
  globalThis.fetch = () => {
    asked = 'fetch';
    return Promise.reject(new TypeError(FAILURE));
  };
  mended.push(() => {
    globalThis.fetch = fetch;
  });
  const tokens = (contract.providers ?? [])
    .map(tokenOf)
    .filter((token) => !contract.mayFail?.includes(token));
  for (const token of tokens) {
    const instance: unknown = engine.container.get(token as never, { strict: false });
    if (typeof instance !== 'object' || instance === null || instance === engine.registered.provider)
      continue;
    for (const method of methodsOf(instance)) {
      mended.push(replace(instance, method, (original) => failing(`${nameOf(token)}.${method}`, original)));
    }
  }
  return {
    asked: () => {
      const name = asked;
      asked = undefined;
      return name;
    },
    mend: () => {
      for (const undo of mended) undo();
    },
  };
}

function tokenOf(provider: Provider): unknown {
  return typeof provider === 'function' ? provider : provider.provide;
}

function nameOf(token: unknown): string {
  return typeof token === 'function' ? token.name : String(token);
}

function methodsOf(instance: object): string[] {
  const names = new Set<string>();
  for (
    let level: object | null = instance;
    level !== null && level !== Object.prototype;
    level = Object.getPrototypeOf(level) as object | null
  ) {
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(level))) {
      if (name !== 'constructor' && typeof value === 'function') names.add(name);
    }
  }
  return [...names];
}

function replace(
  instance: object,
  method: string,
  make: (original: (...args: unknown[]) => unknown) => unknown,
): () => void {
  const own = Object.getOwnPropertyDescriptor(instance, method);
  if (own?.configurable === false || !Object.isExtensible(instance)) return () => undefined;
  const original = Reflect.get(instance, method) as (...args: unknown[]) => unknown;
  Object.defineProperty(instance, method, { value: make(original), configurable: true, writable: true });
  return () => {
    if (own === undefined) Reflect.deleteProperty(instance, method);
    else Object.defineProperty(instance, method, own);
  };
}
