import { Inject, Injectable } from '@nestjs/common';
import { getConfigToken } from '@nestjs/config';
import { Clock, digestsEqual, EphemeralStore, newId, Sealer } from '@countersign/core';
import { createHmac, type KeyObject, randomInt } from 'node:crypto';
import type { FactorsConfig } from '../factors.config.js';
import { CodeAnswer } from './code-answer.js';

/** What a code is bound to: it fits nothing else. UUIDs. */
export interface CodePlace {
  readonly applicationId: string;
  /** The challenge's id, or the factor's at enrolment. */
  readonly nonceOf: string;
  readonly factorId: string;
}

/** What is kept of a code. */
interface KeptCode {
  readonly mac: string;
  /** UUID of the message that it goes out with. */
  readonly messageId: string;
  /** Milliseconds since the epoch. */
  readonly endsAt: number;
}

/** A code that was just made. */
export interface MadeCode {
  /** Six digits; it goes to its user and nowhere else. */
  readonly code: string;
  /** UUID of the message that it is to go out with. */
  readonly messageId: string;
  readonly ttlMs: number;
  /** The one whose place it took, if there was one. */
  readonly before: KeptCode | undefined;
}

/** Whether an answer is the code that was sent. */
export type CodeFit =
  | { readonly fits: true; readonly messageId: string }
  /** `stale`: none was sent, or its time is over. */
  | { readonly fits: false; readonly reason: 'mismatch' | 'stale' };

const CODES = 1_000_000;

/**
 * Makes, keeps and checks the codes that are sent. What is kept is an HMAC-SHA-256 (RFC 2104) over the code and the
 * place that it is bound to, in the ephemeral store, for as long as the code is good; PostgreSQL never sees one.
 * There is one code per challenge or enrolment: a new one takes the place of the one before.
 */
@Injectable()
export class DeliveredCodes {
  readonly #key: KeyObject;

  constructor(
    private readonly store: EphemeralStore,
    private readonly clock: Clock,
    sealer: Sealer,
    @Inject(getConfigToken('factors')) private readonly config: FactorsConfig,
  ) {
    this.#key = sealer.deriveKey('delivered-code');
  }

  /** Makes a code of uniform random digits and keeps its HMAC, before the code leaves. */
  async make(place: CodePlace): Promise<MadeCode> {
    const before = await this.#kept(place);
    const messageId = newId(this.clock);
    const code = randomInt(CODES).toString().padStart(6, '0');
    const ttlMs = this.config.codeTtlMs;
    const endsAt = this.clock.now().getTime() + ttlMs;
    await this.#keep(place, { mac: this.#mac(place, code), messageId, endsAt });
    return { code, messageId, ttlMs, before };
  }

  /** Takes back a code whose message never left: the one before, which its user may have, is good again. */
  async takeBack(place: CodePlace, { before }: MadeCode): Promise<void> {
    if (before === undefined) await this.store.delete([keyOf(place)]);
    else await this.#keep(place, before);
  }

  /** Decides whether an answer is the code that was sent for a place. It changes nothing. */
  async check(place: CodePlace, answer: unknown): Promise<CodeFit> {
    const kept = await this.#kept(place);
    if (kept === undefined) return { fits: false, reason: 'stale' };
    const { code } = CodeAnswer.parse(answer);
    const fits = digestsEqual(
      Buffer.from(kept.mac, 'base64url'),
      Buffer.from(this.#mac(place, code), 'base64url'),
    );
    return fits ? { fits, messageId: kept.messageId } : { fits, reason: 'mismatch' };
  }

  async #kept(place: CodePlace): Promise<KeptCode | undefined> {
    const record = await this.store.get(keyOf(place));
    return record === undefined || record.expired ? undefined : (JSON.parse(record.value) as KeptCode);
  }

  async #keep(place: CodePlace, kept: KeptCode): Promise<void> {
    const ttlMs = kept.endsAt - this.clock.now().getTime();
    if (ttlMs > 0) await this.store.put(keyOf(place), JSON.stringify(kept), '', ttlMs, 'gone');
  }

  #mac({ applicationId, nonceOf, factorId }: CodePlace, code: string): string {
    // UUIDs have one length, so that no two places share a text.
    return createHmac('sha256', this.#key)
      .update(`${applicationId}${nonceOf}${factorId}${code}`)
      .digest('base64url');
  }
}

function keyOf({ applicationId, nonceOf }: CodePlace): string {
  return `code:{${applicationId}}:${nonceOf}`;
}
