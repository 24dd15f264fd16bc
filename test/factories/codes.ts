import { Mailbox } from '@countersign/delivery';
import { randomInt } from 'node:crypto';
import type { TestApp } from './app.js';
import type { Answer } from './client.js';
import { activate } from './factors.js';
import type { OpenChallenge, Person } from './people.js';

/** A mobile number in Great Britain that no other test has: it must look real, and nothing is ever sent to it. */
export function mobileNumber(): string {
  return `+447400${randomInt(1_000_000).toString().padStart(6, '0')}`;
}

/** The code in the newest message to an address, on an instance whose mailbox stands in for a vendor. */
export function newestCode({ app }: Pick<TestApp, 'app'>, to: string): string {
  const texts = app
    .get(Mailbox)
    .messages()
    .flatMap((message) => (message.to === to ? [message.text] : []));
  const code = texts.map((text) => /\b\d{6}\b/.exec(text)?.[0]).find((found) => found !== undefined);
  if (code === undefined) throw new Error(`no code was sent to ${to}`);
  return code;
}

/** How many messages went to an address. */
export function messagesTo({ app }: Pick<TestApp, 'app'>, to: string): number {
  return app
    .get(Mailbox)
    .messages()
    .filter((message) => message.to === to).length;
}

/** Another code of six digits. */
export function otherCode(code: string): string {
  return String((Number(code) + 1) % 1_000_000).padStart(6, '0');
}

/** A code in digits of another script, of which each begins with its zero. */
export function inScript(code: string, zero: string): string {
  const first = zero.codePointAt(0) ?? 0;
  return code.replace(/[0-9]/g, (digit) => String.fromCodePoint(first + Number(digit)));
}

/** Spellings of one code as keyboards, mails and right-to-left pages make them. */
export function spellingsOf(code: string): string[] {
  const inserted = (text: string): string => `${code.slice(0, 3)}${text}${code.slice(3)}`;
  return [
    ...['\u0660', '\u06f0', '\u0966', '\u09e6', '\u0e50', '\uff10'].map((zero) => inScript(code, zero)),
    ...['\u2011', '\u2013', '\u200b', '\u200e', '\u2060', '\u00a0'].map(inserted),
    `\u2068${code}\u2069`,
  ];
}

/** A factor whose codes are sent, active. */
export interface CodeFactor {
  readonly id: string;
  /** Where its codes go. */
  readonly to: string;
}

/** Begins the enrolment of a factor whose codes are sent. */
export function enrolCodes(
  { client }: Pick<TestApp, 'client'>,
  token: string,
  fields: { readonly phoneNumber: string } | { readonly email: string },
): Promise<Answer> {
  const type = 'phoneNumber' in fields ? 'sms' : 'email';
  return client.post('/v1/me/factors', { type, ...fields }, { token });
}

/** Enrols and activates one, at a new number, or at an address. The clock moves on until another code may be sent. */
export async function addCodeFactor(
  world: TestApp,
  { accessToken: token }: Pick<Person, 'accessToken'>,
  to = mobileNumber(),
): Promise<CodeFactor> {
  const enrolled = await enrolCodes(world, token, to.includes('@') ? { email: to } : { phoneNumber: to });
  if (enrolled.status !== 201)
    throw new Error(`enrol answered ${enrolled.status} ${JSON.stringify(enrolled.body)}`);
  const id = enrolled.body.id as string;
  const { status, body } = await activate(world, token, id, newestCode(world, to));
  if (status !== 200) throw new Error(`activate answered ${status} ${JSON.stringify(body)}`);
  return { id, to };
}

/** Asks for a code. */
export function sendCode(
  { client }: Pick<TestApp, 'client'>,
  { id, tempToken }: OpenChallenge,
  factorId: string,
): Promise<Answer> {
  return client.post(`/v1/challenges/${id}/send`, { factorId }, { token: tempToken });
}
