import type { Answer } from './client.js';

/** An answer, and how long it took. */
export interface Timed {
  readonly answer: Answer;
  /** Milliseconds. */
  readonly ms: number;
}

/** Waits for an answer and takes the time from now. */
export async function timed(request: Promise<Answer>): Promise<Timed> {
  const begun = performance.now();
  const answer = await request;
  return { answer, ms: performance.now() - begun };
}
