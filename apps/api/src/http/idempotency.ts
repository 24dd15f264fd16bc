import { type CanActivate, type ExecutionContext, Injectable, Logger, SetMetadata } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import {
  type HeldClaim,
  IdempotentRequests,
  type KeptAnswer,
  type RepeatableRequest,
} from '@countersign/api-keys';
import { Problem, watchWrites, type WriteWatch } from '@countersign/core';
import { createHash } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { ACCESS, type Access, OWN_ACCESS } from './access.decorator.js';
import { pathOf } from './path.js';
import { RouteMemory } from './route-memory.js';
import { validationFailed } from './validation.js';

const KEPT_MS = 'countersign:answer-kept-ms';
const KEY = /^[\x21-\x7e]{1,255}$/;

/** Answers that say what became of the work; after any other nothing was changed, and it may be tried anew. */
const KEPT = (status: number): boolean => status < 300 || status === 409 || status === 410 || status === 422;

/** Unforeseen, or cut short: only where nothing was written is it known that the work was not done. */
const UNKNOWN = (status: number): boolean => status === 500 || status === 503;

/** What a claimed request needs when its answer is there. */
interface Claimed {
  readonly request: RepeatableRequest;
  readonly claim: HeldClaim;
  readonly keptMs: number | undefined;
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Whether anything was written for a request that names an `Idempotency-Key`. */
    writes?: WriteWatch;
    /** The claim that is to be completed with this request's answer. */
    claimed?: Claimed;
  }
}

/** Keeps a route's answers for repeats so long only, in milliseconds. */
export function AnswerKept(ms: number): MethodDecorator {
  return SetMetadata(KEPT_MS, ms);
}

/** Ends a request that was answered before: a guard can let nothing but an error past the route. */
export class AnsweredBefore extends Error {
  override readonly name = 'AnsweredBefore';

  constructor(readonly answer: KeptAnswer) {
    super('the request was answered before');
  }
}

/**
 * Has a POST that a server repeats with the same `Idempotency-Key` done once (api.md, "Conventions"). It runs after the
 * other guards, so that a repeat needs the same key and counts against its limit. (Interceptors would do it too, and cost
 * each request of every route an RxJS pipeline.)
 */
@Injectable()
export class Idempotency implements CanActivate {
  // Elsewhere, a key that came along does not make the request a server's: a repeated login is another login.
  readonly #takesKeys = new RouteMemory((...on) =>
    (this.reflector.getAllAndOverride<Access | undefined>(ACCESS, on) ?? OWN_ACCESS).takes.includes('key'),
  );

  constructor(
    private readonly requests: IdempotentRequests,
    private readonly reflector: Reflector,
  ) {}

  /**
   * @throws AnsweredBefore for a repeat
   * @throws Problem `idempotency_conflict`, `conflict`, `validation_failed`
   */
  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const repeatable =
      isRepeatable(request) && this.#takesKeys.of(context) ? repeatableOf(request) : undefined;
    return repeatable === undefined || this.#claimed(context, request, repeatable);
  }

  async #claimed(
    context: ExecutionContext,
    request: FastifyRequest,
    repeatable: RepeatableRequest,
  ): Promise<boolean> {
    const claim = await this.requests.claim(repeatable);
    switch (claim.outcome) {
      case 'claimed':
        // The claim itself was written, too.
        if (request.writes !== undefined) request.writes.wrote = false;
        request.claimed = {
          request: repeatable,
          claim: claim.claim,
          keptMs: this.reflector.get<number | undefined>(KEPT_MS, context.getHandler()),
        };
        return true;
      case 'done':
        throw new AnsweredBefore(claim.answer);
      case 'other-request':
        throw new Problem('idempotency_conflict');
      case 'under-way':
        throw new Problem('conflict', {
          detail:
            'The request of this Idempotency-Key is under way, or ended unfinished: it is not run again.',
        });
    }
  }
}

/** Completes claims with what is really sent: the answer leaves once it is kept. */
export function completeClaims(instance: FastifyInstance, requests: IdempotentRequests): void {
  const logger = new Logger('Idempotency');
  const released = new ReleaseLater();
  instance.addHook('preHandler', (request, _reply, done) => {
    if (request.headers['idempotency-key'] === undefined) {
      done();
      return;
    }
    watchWrites((watch) => {
      request.writes = watch;
      done();
    });
  });
  instance.addHook('onSend', (request, reply, payload: unknown, done) => {
    if (request.claimed === undefined) {
      done(null, payload);
      return;
    }
    const wrote = request.writes?.wrote ?? true;
    complete(requests, released, { ...request.claimed, wrote }, reply, payload)
      .catch((error: unknown) => {
        // The work is done, and its answer belongs to whoever asked; a repeat will be told that it never runs again.
        logger.warn(`${request.id} was not kept: ${error instanceof Error ? error.message : String(error)}`);
      })
      .finally(() => done(null, payload));
  });
}

async function complete(
  requests: IdempotentRequests,
  released: ReleaseLater,
  { request, claim, keptMs, wrote }: Claimed & { readonly wrote: boolean },
  reply: FastifyReply,
  payload: unknown,
): Promise<void> {
  const { statusCode: status } = reply;
  if (KEPT(status)) {
    const contentType = String(reply.getHeader('content-type') ?? '');
    const body = typeof payload === 'string' ? payload : '';
    await requests.complete(request, { status, contentType, body }, keptMs);
  } else if (!UNKNOWN(status) || !wrote) {
    const release = (): Promise<void> => requests.release(request, claim);
    await release().catch((error: unknown) => released.retry(release, error));
  }
}

/** How often, once a second, it is tried to free a key while the database is away. */
const MAX_RELEASE_TRIES = 120;
const RELEASE_RETRY_MS = 1_000;
/** Keys of an outage that are freed after it; those beyond stay claimed. */
const MAX_WAITING_RELEASES = 1_000;

/** Frees keys later that could not be freed with the answer, because the outage that made a request fail was not over. */
class ReleaseLater {
  #waiting = 0;

  /** @throws what made the first try fail, where too many wait already */
  retry(release: () => Promise<void>, error: unknown): void {
    if (this.#waiting >= MAX_WAITING_RELEASES) throw error;
    this.#waiting += 1;
    void this.#retry(release).finally(() => (this.#waiting -= 1));
  }

  async #retry(release: () => Promise<void>): Promise<void> {
    for (let tries = 0; tries < MAX_RELEASE_TRIES; tries += 1) {
      await pause(RELEASE_RETRY_MS, undefined, { ref: false });
      const done = await release().then(
        () => true,
        () => false,
      );
      if (done) return;
    }
  }
}

function isRepeatable({ method, headers, credential }: FastifyRequest): boolean {
  return headers['idempotency-key'] !== undefined && method === 'POST' && credential?.kind === 'key';
}

function repeatableOf({
  method,
  headers,
  credential,
  url,
  body,
}: FastifyRequest): RepeatableRequest | undefined {
  const idempotencyKey = headers['idempotency-key'];
  if (credential?.kind !== 'key') return undefined;
  if (typeof idempotencyKey !== 'string' || !KEY.test(idempotencyKey)) {
    throw validationFailed([
      { path: 'Idempotency-Key', message: 'must have 1 to 255 visible ASCII characters' },
    ]);
  }
  const fingerprint = createHash('sha256')
    .update(JSON.stringify([method, pathOf(url), body ?? null]))
    .digest();
  return { keyId: credential.key.id, idempotencyKey, fingerprint };
}

/** Answers once more what was answered before. */
export function repeatAnswer({ status, contentType, body }: KeptAnswer, reply: FastifyReply): void {
  reply.status(status).header('Idempotency-Replayed', 'true');
  if (contentType !== '') reply.type(contentType);
  reply.send(body === '' ? undefined : body);
}
