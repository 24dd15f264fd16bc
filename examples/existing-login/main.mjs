const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 22 || (major === 22 && minor < 13)) {
  throw new Error(`This example needs Node 22.13 or newer (node:sqlite); this is ${process.versions.node}.`);
}
const {
  COUNTERSIGN_URL = 'http://localhost:3000',
  COUNTERSIGN_API_KEY,
  COUNTERSIGN_WEBHOOK_SECRET,
} = process.env;
if (COUNTERSIGN_API_KEY === undefined) {
  throw new Error(
    'Set COUNTERSIGN_API_KEY to a key with factors:write and challenges:write (README.md tells how).',
  );
}
// Loaded after the check: older versions do not know one of its imports.
const { createServer } = await import('./server.mjs');
const app = createServer({
  countersign: COUNTERSIGN_URL,
  apiKey: COUNTERSIGN_API_KEY,
  webhookSecret: () => COUNTERSIGN_WEBHOOK_SECRET,
  file: 'users.sqlite',
});
const address = await app.listen({ port: Number(process.env.PORT ?? 4000) });
process.stdout.write(`The shop listens on ${address}\n`);
