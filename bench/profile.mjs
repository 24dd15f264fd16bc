// Reads a CPU profile: where its time went, by package and by function.
//
//   npm run bench -- P1 --profile /tmp/profiles && node bench/profile.mjs /tmp/profiles/CPU.….cpuprofile
import { readFileSync } from 'node:fs';

const MOST = 40;
const [file] = process.argv.slice(2);
if (file === undefined)
  throw new Error('Name a .cpuprofile; the first lines of this file tell how to get one.');
const { nodes, samples, timeDeltas } = JSON.parse(readFileSync(file, 'utf8'));

const byId = new Map(nodes.map((node) => [node.id, node]));
const self = new Map();
samples.forEach((id, at) => self.set(id, (self.get(id) ?? 0) + (timeDeltas[at] ?? 0)));

const total = [...self]
  .filter(([id]) => byId.get(id).callFrame.functionName !== '(idle)')
  .reduce((sum, [, micros]) => sum + micros, 0);
print('By package', packageOf);
printInclusive();
print('By function', placeOf);

function print(title, nameOf) {
  const sums = new Map();
  for (const [id, micros] of self) {
    const { callFrame } = byId.get(id);
    if (callFrame.functionName === '(idle)') continue;
    const name = nameOf(callFrame);
    sums.set(name, (sums.get(name) ?? 0) + micros);
  }
  console.log(`\n${title}, of ${(total / 1e6).toFixed(1)} s`);
  for (const [name, micros] of [...sums].sort((a, b) => b[1] - a[1]).slice(0, MOST)) {
    console.log(`${((100 * micros) / total).toFixed(1).padStart(6)} %  ${name}`);
  }
}

/** Functions with what they call, counted once however deep they stand. */
function printInclusive() {
  const sums = new Map();
  const within = (node, above) => {
    const name = placeOf(node.callFrame);
    const first = !above.has(name);
    if (first) above.add(name);
    let micros = node.callFrame.functionName === '(idle)' ? 0 : (self.get(node.id) ?? 0);
    for (const child of node.children ?? []) micros += within(byId.get(child), above);
    if (first) {
      above.delete(name);
      sums.set(name, (sums.get(name) ?? 0) + micros);
    }
    return micros;
  };
  within(nodes[0], new Set());
  console.log('\nBy function, with what it calls');
  for (const [name, micros] of [...sums].sort((a, b) => b[1] - a[1]).slice(0, 2 * MOST)) {
    console.log(`${((100 * micros) / total).toFixed(1).padStart(6)} %  ${name}`);
  }
}

function placeOf({ functionName, url, lineNumber }) {
  const place = url.replace(/^.*node_modules\//, '').replace(/^.*\/dist\//, 'dist/');
  return `${functionName || '(anonymous)'} ${place}:${lineNumber + 1}`;
}

function packageOf({ functionName, url }) {
  const inPackage = /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url)?.[1];
  if (inPackage !== undefined) return inPackage;
  const ours = /\/dist\/(?:libs\/([^/]+)|(apps\/api))/.exec(url);
  if (ours !== null) return `ours: ${ours[1] ?? ours[2]}`;
  return url === '' ? `${functionName}` : url.split('/')[0];
}
