// Runs on any Node that knows ES modules: it is what tells an old one apart.

/** The oldest Node that can install and build; the product itself runs on the project's own Node. */
const OLDEST = [20, 19];

/** Ends the process with a sentence a newcomer can act on where Node is too old to go on. */
export function requireUsableNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1])) return;
  process.stderr.write(
    `Countersign needs Node.js ${OLDEST.join('.')} or newer, this is ${process.version} (${process.execPath}).\n` +
      'Get a current one from https://nodejs.org/ or from your version manager.\n',
  );
  process.exit(1);
}
