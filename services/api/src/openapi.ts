import swagger from '@fastify/swagger';
import type { FastifyInstance } from 'fastify';

/** One OpenAPI document for both sides. Registered before the routes: it hears of them as they come. */
export async function registerOpenApi(app: FastifyInstance): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.0.3',
      info: {
        title: 'Ritmo',
        version: '1',
        description: 'Configuration, commands and live state of the dialer under /v1; the documented integration functions under /api.',
      },
      components: {
        securitySchemes: {
          adminKey: { type: 'apiKey', in: 'header', name: 'X-Api-Key' },
          bearer: { type: 'http', scheme: 'bearer' },
        },
      },
      security: [{ adminKey: [] }, { bearer: [] }],
    },
  });
}
