import type { ServiceContext } from '@ritmo/service-kit';
import type { FastifyInstance } from 'fastify';

/** What a supervisor and Prometheus ask. No key, but the address rules of the port. */
export function registerSystemRoutes(app: FastifyInstance, { health, metrics }: ServiceContext): void {
  const schema = { tags: ['system'], security: [] };
  app.get('/health', { schema }, async (_request, reply) => {
    const parts = await health.parts();
    const worst = parts.some((part) => part.health.status === 'CRITICAL') ? 'CRITICAL' : parts.some((part) => part.health.status === 'WARNING') ? 'WARNING' : 'OK';
    return reply.code(worst === 'CRITICAL' ? 503 : 200).send({ status: worst, parts: parts.map(({ part, health: each }) => ({ part, ...each })) });
  });
  app.get('/metrics', { schema }, async (_request, reply) => reply.type(metrics.contentType).send(await metrics.metrics()));
}
