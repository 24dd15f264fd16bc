import { publicId } from '@countersign/core';
import { ActiveFactor } from '../bench/active-factor.js';
import { everythingWritten, type WrittenRow } from '../bench/everything-written.js';
import type { FactorBench } from '../bench/factor-bench.js';
import { hold } from '../contract-broken.js';
import type { FactorRule } from '../factor-rule.js';
import { randomTexts, SHORTEST_CANARY, textsIn } from './texts.js';

/** Secrets stay where they are. */
export const secrecyRules: readonly FactorRule[] = [
  {
    name: 'neither its secret nor an answer shows in events, logs or lists, and nothing is kept in clear',
    binds: 'all',
    check: nothingShows,
  },
];

async function nothingShows(bench: FactorBench): Promise<void> {
  await bench.log.listening(async () => {
    const factor = await ActiveFactor.of(bench);
    const given = [...(await answered(factor)), ...(await answered(factor))];
    const lists = JSON.stringify([await factor.owner.factors(), await shownAfterwards(bench, factor)]);
    const rows = await everythingWritten(bench);
    const secrets = [
      ...(bench.contract.canaries ?? []),
      ...(await randomTexts(bench, factor)),
      // The account's own address is no secret of the factor's.
      ...factor.addresses().filter((address) => address !== factor.owner.account),
    ];

    for (const canary of secrets) holdUnseen(canary, 'secret', bench.log.text, lists, rows);
    for (const canary of given) {
      // An answer may be a few digits, which a table full of numbers contains by chance.
      const events = rows.filter(({ table }) => table.startsWith('events')).map(({ text }) => dataOf(text));
      hold(!bench.log.text.includes(canary), 'an answer shows in a log');
      hold(!events.some((text) => text.includes(canary)), 'an answer shows in an event');
    }
    await hintGivesNothingAway(bench, factor, given);
  });
}

// An address: of mail, of a chat, of a page; a telephone number.
const ADDRESS = /^\S+@\S+$|^@\S+|:\/\/|^\+?[\d\s()/-]{7,}$/;
const SHORTEST_SECRET = 3;

async function hintGivesNothingAway(
  bench: FactorBench,
  factor: ActiveFactor,
  answers: readonly string[],
): Promise<void> {
  const enrolled: unknown = bench.engine.observed.enrolled.get(publicId('fac', factor.id));
  const addresses = textsIn([bench.contract.input, enrolled])
    .map(([, text]) => text)
    .filter((text) => ADDRESS.test(text));
  const { owner, id } = factor;
  const hint = (await owner.factors()).find((view) => view.id === id)?.hint ?? '';
  hold(
    ![...addresses, owner.account].some((address) => hint.includes(address)),
    'the hint is the whole address: show enough of it to tell it from another, as in j•••@e•••.com',
  );
  hold(!answers.some((answer) => hint.includes(answer)), 'an answer shows in the hint (publicView)');
  const short = await randomTexts(bench, factor, SHORTEST_SECRET);
  hold(
    !short.includes(hint),
    'the hint is a whole part of the secret: describe the factor, not what it keeps',
  );
}

async function answered(factor: ActiveFactor): Promise<string[]> {
  const challenge = await factor.challenge();
  const wrong = await factor.wrongAnswer(challenge);
  await factor.answer(challenge, wrong);
  const right = await factor.rightAnswer(challenge);
  await factor.answer(challenge, right);
  factor.waitForNextAnswer();
  return textsIn([wrong, right])
    .map(([, text]) => text)
    .filter((text) => text.length >= SHORTEST_CANARY);
}

async function shownAfterwards({ engine }: FactorBench, factor: ActiveFactor): Promise<unknown> {
  const { provider } = engine.registered;
  if (provider.kind !== 'answered') return undefined;
  const secret = engine.observed.given.get(publicId('fac', factor.id));
  return provider.publicView(secret);
}

function holdUnseen(
  canary: string,
  what: string,
  log: string,
  lists: string,
  rows: readonly WrittenRow[],
): void {
  hold(!lists.includes(canary), `a part of the ${what} shows in lists (publicView)`);
  hold(!log.includes(canary), `a part of the ${what} shows in a log`);
  const hex = Buffer.from(canary).toString('hex');
  for (const { table, text } of rows) {
    // What is spent is kept as the provider names it, so that it is never accepted again.
    if (table === 'spent_tokens') continue;
    hold(!text.includes(canary) && !text.includes(hex), `a part of the ${what} stands in clear in ${table}`);
  }
}

// The last column of the table is the event's own JSON; ids and times stand before it.
function dataOf(row: string): string {
  return row.slice(row.indexOf('{'));
}
