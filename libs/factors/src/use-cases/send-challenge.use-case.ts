import { Injectable } from '@nestjs/common';
import { Database, type Origin } from '@countersign/core';
import type { Application } from '@countersign/directory';
import type { Challenge } from '../challenges/challenge.js';
import { ChallengeSender } from '../challenges/challenge-sender.js';
import type { ChallengeSending } from '../challenges/factor-challenger.js';
import { ChallengeStore } from '../challenges/challenge.store.js';
import { type Opening, openedByServer } from '../challenges/opening.js';

/** Which factor of which challenge, and what opens it. */
export interface SendChallengeInput {
  readonly application: Application;
  /** A temp token's; the application's own servers need none, and send for what servers opened only. */
  readonly opening: Opening | 'server';
  /** UUIDs. */
  readonly challengeId: string;
  readonly factorId: string;
  readonly origin: Origin;
}

/** How it ended. */
export type SendChallengeResult =
  | ChallengeSending
  /** The opening fits another challenge, or none. */
  | { readonly outcome: 'unauthorised' }
  /** The challenge does not offer the factor. */
  | { readonly outcome: 'no-such-factor' };

/** Challenges the user by one factor: sends a code, or gives what the client needs for the answer. */
@Injectable()
export class SendChallenge {
  constructor(
    private readonly challenges: ChallengeStore,
    private readonly sender: ChallengeSender,
    private readonly database: Database,
  ) {}

  /** @throws EphemeralStoreUnavailable where nothing can be counted: nothing is sent then */
  async run(input: SendChallengeInput): Promise<SendChallengeResult> {
    const { application, factorId, origin } = input;
    const found = await this.#find(input);
    if (found.outcome === 'unknown') return { outcome: 'unauthorised' };
    if (found.outcome === 'closed') return { outcome: 'closed' };
    const { challenge, opening } = found;
    const factor = challenge.factors.find(({ id }) => id === factorId);
    if (factor === undefined) return { outcome: 'no-such-factor' };
    // What could not be answered any more is not sent either.
    if ((await this.challenges.attemptsLeft(challenge)) === 0) return { outcome: 'closed' };
    return this.sender.run(this.database.direct, { application, challenge, opening, origin }, factor);
  }

  async #find({ application, opening, challengeId }: SendChallengeInput): Promise<FoundAndOpened> {
    if (opening !== 'server') {
      const found = await this.challenges.find(opening, challengeId);
      return found.outcome === 'found' ? { ...found, opening } : found;
    }
    const read = await this.challenges.read(application.id, challengeId);
    const asked = read?.challenge.asked;
    if (read === undefined || asked === undefined) return { outcome: 'unknown' };
    const { challenge, expired } = read;
    if (expired) return { outcome: 'closed' };
    return { outcome: 'found', challenge, opening: openedByServer({ ...challenge, ...asked }) };
  }
}

type FoundAndOpened =
  | { readonly outcome: 'found'; readonly challenge: Challenge; readonly opening: Opening }
  | { readonly outcome: 'unknown' }
  | { readonly outcome: 'closed' };
