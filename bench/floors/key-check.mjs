// The floor of P4: bare Fastify and one Redis script, which counts a limit.
import Fastify from 'fastify';
import { countingRedis } from './redis.mjs';

const redis = countingRedis();
const app = Fastify();
app.get('/ready', () => ({ ok: true }));
app.get('/', async (request) => {
  await redis.count(1, `floor:${request.headers['x-api-key']}`, 60_000);
  return { data: [{ type: 'totp', title: 'Authenticator app' }] };
});
await app.listen({ port: Number(process.env.PORT), host: '127.0.0.1' });
