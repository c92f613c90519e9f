import { createSecretCheck, type Contract } from '@ritmo/contract';
import type { ServiceContext } from '@ritmo/service-kit';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { ApiOptions } from '../options.ts';
import { registerAgentRoutes } from './agents.ts';
import { registerCampaignRoutes } from './campaigns.ts';
import { registerImportRoutes } from './imports.ts';
import { registerDirectoryRoutes } from './directory.ts';
import { registerFactRoutes } from './facts.ts';
import { registerLiveRoutes } from './live.ts';
import { registerPacingRoutes } from './pacing.ts';
import type { AdminParts } from './parts.ts';

/** The JSON side: configured things, commands and live state, behind the admin key. */
export async function registerAdmin(app: FastifyInstance, context: ServiceContext, contract: Contract, options: ApiOptions): Promise<void> {
  app.get('/v1/openapi.json', { schema: { hide: true } }, () => app.swagger());

  const parts: AdminParts = { context, contract, actor: (request) => ({ kind: 'admin', id: extensionOf(request, contract) ?? request.ip }) };
  await app.register(async (scope) => {
    const isAdminKey = createSecretCheck(options.adminKey);
    scope.addHook('onRequest', (request, reply, done) => {
      const key = request.headers['x-api-key'] ?? /^Bearer +(.+)$/i.exec(request.headers.authorization ?? '')?.[1];
      if (typeof key === 'string' && isAdminKey(key)) return done();
      context.log.warn({ caller: request.ip, path: request.url.split('?')[0] }, 'admin API refused');
      void reply.code(401).send({ error: 'unauthorized', detail: 'send the admin key as X-Api-Key or as Authorization: Bearer' });
    });
    scope.addHook('onResponse', (request, reply, done) => {
      if (request.method !== 'GET') {
        context.log.info({ caller: request.ip, method: request.method, path: request.url.split('?')[0], status: reply.statusCode }, 'admin');
      }
      done();
    });
    registerDirectoryRoutes(scope, parts);
    registerCampaignRoutes(scope, parts);
    registerImportRoutes(scope, parts);
    registerAgentRoutes(scope, parts);
    registerLiveRoutes(scope, parts);
    registerFactRoutes(scope, parts);
    registerPacingRoutes(scope, parts);
  });
}

/** A console says whose extension it acts for: campanhas_logs.ramal (manual 1.3.1.33). What is no extension of a user does not count. */
function extensionOf({ headers }: FastifyRequest, { extensions }: Contract): string | undefined {
  const given = headers['x-extension'];
  return typeof given === 'string' ? extensions.agent(given)?.extension : undefined;
}
