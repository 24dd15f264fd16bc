import type { ExecutionContext } from '@nestjs/common';

type Handler = ReturnType<ExecutionContext['getHandler']>;
type Controller = ReturnType<ExecutionContext['getClass']>;

/** Remembers of each route what its decorators say: they are asked once, not with every request. */
export class RouteMemory<T> {
  readonly #byController = new WeakMap<Controller, Map<Handler, T>>();

  /** @param read looks at the method and the class that are decorated, in this order */
  constructor(private readonly read: (handler: Handler, controller: Controller) => T) {}

  /** What is said of the route that a request met. */
  of(context: ExecutionContext): T {
    const [handler, controller] = [context.getHandler(), context.getClass()];
    let routes = this.#byController.get(controller);
    if (routes === undefined) this.#byController.set(controller, (routes = new Map<Handler, T>()));
    const known = routes.get(handler);
    if (known !== undefined) return known;
    const said = this.read(handler, controller);
    routes.set(handler, said);
    return said;
  }
}
