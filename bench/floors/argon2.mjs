// The floor of P2 and P3: verifications of one password as fast as all cores allow, without HTTP. GET /run answers how
// many there were in a second, after ?seconds= of them.
import { hash, verify } from '@node-rs/argon2';
import Fastify from 'fastify';

const PASSWORD = 'nine purple otters juggling';
const AT_ONCE = 4;
const stored = await hash(PASSWORD, { memoryCost: 19_456, timeCost: 2, parallelism: 1 });

const app = Fastify();
app.get('/ready', () => ({ ok: true }));
app.get('/run', async (request) => {
  const seconds = Number(request.query.seconds);
  const begun = performance.now();
  let count = 0;
  const one = async () => {
    while (performance.now() - begun < seconds * 1_000) {
      await verify(stored, PASSWORD);
      count += 1;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, one));
  return { perSecond: count / ((performance.now() - begun) / 1_000) };
});
await app.listen({ port: Number(process.env.PORT), host: '127.0.0.1' });
