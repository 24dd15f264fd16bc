// Reads a CPU profile: where its time went, by package and by function.
//
//   npm run bench -- P1 --profile /tmp/profiles && node bench/profile.mjs /tmp/profiles/CPU.….cpuprofile
import { readFileSync } from 'node:fs';

const MOST = 40;
const [file] = process.argv.slice(2);
if (file === undefined) throw new Error('Name a .cpuprofile; the first lines of this file tell how to get one.');
const { nodes, samples, timeDeltas } = JSON.parse(readFileSync(file, 'utf8'));

const byId = new Map(nodes.map((node) => [node.id, node]));
const self = new Map();
samples.forEach((id, at) => self.set(id, (self.get(id) ?? 0) + (timeDeltas[at] ?? 0)));

const total = [...self]
  .filter(([id]) => byId.get(id).callFrame.functionName !== '(idle)')
  .reduce((sum, [, micros]) => sum + micros, 0);
print('By package', packageOf);
print('By function', ({ functionName, url, lineNumber }) => {
  const place = url.replace(/^.*node_modules\//, '').replace(/^.*\/dist\//, 'dist/');
  return `${functionName || '(anonymous)'} ${place}:${lineNumber + 1}`;
});

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

function packageOf({ functionName, url }) {
  const inPackage = /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url)?.[1];
  if (inPackage !== undefined) return inPackage;
  const ours = /\/dist\/(?:libs\/([^/]+)|(apps\/api))/.exec(url);
  if (ours !== null) return `ours: ${ours[1] ?? ours[2]}`;
  return url === '' ? `${functionName}` : url.split('/')[0];
}
