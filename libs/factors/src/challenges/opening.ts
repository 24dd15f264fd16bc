import { mintToken, parseToken } from '@countersign/core';
import { createHash } from 'node:crypto';
import type { Asked } from './challenge.js';

/** What opens a challenge: whose it is, and what the ephemeral store compares before anything is done. */
export interface Opening {
  /** UUIDs. */
  readonly applicationId: string;
  readonly userId: string;
  readonly guard: string;
}

/** What a server says that it expects of a challenge (security.md, rule 15). */
export interface Expectation extends Pick<Asked, 'action' | 'detailsHash'> {
  /** UUIDs. */
  readonly applicationId: string;
  readonly userId: string;
}

/** Whose challenge a temp token opens. UUIDs. */
interface Opened {
  readonly id: string;
  readonly applicationId: string;
  readonly userId: string;
}

/**
 * Makes a temp token, and the opening that it is.
 * @param inCookies whether the login's session is to travel in cookies; nobody can make one token of the other
 */
export function mintOpening(
  { id, applicationId, userId }: Opened,
  inCookies: boolean,
): { readonly token: string; readonly opening: Opening } {
  const { token, digest } = inCookies
    ? mintToken('tmpc', [applicationId, userId, id])
    : mintToken('tmp', [applicationId, userId]);
  return { token, opening: { applicationId, userId, guard: digest.toString('base64url') } };
}

/** The opening that a temp token claims to be; `undefined` for any other text. */
export function openedByToken(tempToken: string): Opening | undefined {
  const token = parseToken('tmp', tempToken) ?? parseToken('tmpc', tempToken);
  if (token === undefined) return undefined;
  const [applicationId, userId] = token.ids;
  return { applicationId, userId, guard: token.digest.toString('base64url') };
}

/** Whether a temp token is of a login whose session is to travel in cookies. */
export function isForCookies(tempToken: string): boolean {
  return parseToken('tmpc', tempToken) !== undefined;
}

/**
 * The opening of a server that names the user, the action and the details. A server that names others opens nothing,
 * and a temp token never comes to the same: one is a digest of a token, the other says what it is of.
 */
export function openedByServer({ applicationId, userId, action, detailsHash }: Expectation): Opening {
  const expected = createHash('sha256')
    .update(JSON.stringify([userId, action, detailsHash]))
    .digest('base64url');
  return { applicationId, userId, guard: `server:${expected}` };
}
