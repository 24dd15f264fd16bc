// The floor of everything: bare Fastify, JSON in and out.
import Fastify from 'fastify';

const app = Fastify();
app.get('/ready', () => ({ ok: true }));
app.post('/', (request) => request.body);
await app.listen({ port: Number(process.env.PORT), host: '127.0.0.1' });
