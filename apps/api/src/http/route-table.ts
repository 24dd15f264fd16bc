import type { FastifyInstance } from 'fastify';

/** Knows which methods a path has, for the `Allow` header of a 405. */
export class RouteTable {
  readonly #routes: { readonly pattern: RegExp; readonly methods: Set<string> }[] = [];

  /** Watches the routes that are added to an instance from now on. */
  static of(instance: FastifyInstance): RouteTable {
    const table = new RouteTable();
    instance.addHook('onRoute', ({ url, method }) => table.#add(url, [method].flat()));
    return table;
  }

  /** Methods of a path, without its query; none where the path does not exist. */
  methodsOf(path: string): string[] {
    const methods = this.#routes
      .filter(({ pattern }) => pattern.test(path))
      .flatMap((route) => [...route.methods]);
    return [...new Set(methods)].sort();
  }

  #add(url: string, methods: readonly string[]): void {
    // A catch-all route says nothing of a path.
    if (url.includes('*')) return;
    const source = url
      .split('/')
      .map((part) => (part.startsWith(':') ? '[^/]+' : part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')))
      .join('/');
    this.#routes.push({ pattern: new RegExp(`^${source}$`), methods: new Set(methods) });
  }
}
