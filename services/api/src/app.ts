import type { AddressInfo } from 'node:net';
import { answerText, createContract } from '@ritmo/contract';
import type { ServiceApp, ServiceContext } from '@ritmo/service-kit';
import Fastify, { type FastifyInstance } from 'fastify';
import { createAddressGate, plainText } from './address-gate.ts';
import { registerAdmin } from './admin/routes.ts';
import { answerClientError, answerErrors } from './errors.ts';
import { registerFacade } from './facade.ts';
import { parseForm, plainPath } from './form.ts';
import { registerOpenApi } from './openapi.ts';
import type { ApiOptions } from './options.ts';
import { createRequestTimes } from './request-times.ts';
import { createServerHealth } from './server-health.ts';
import { registerSystemRoutes } from './system-routes.ts';
import { createValidators } from './validators.ts';

export interface ApiApp extends ServiceApp {
  /** The port it listens on, once started. */
  port(): number;
}

const bodyLimitBytes = 64 * 1024 * 1024;

/** The HTTP facade of the manual under /api, the admin API under /v1, /health and /metrics. */
export function createApiApp(context: ServiceContext, options: ApiOptions): ApiApp {
  const { log, metrics } = context;
  let server: FastifyInstance | undefined;
  const serverHealth = createServerHealth(context, { everyMs: options.healthEveryMs ?? 30_000 });
  const contract = createContract(context, { servers: () => serverHealth.servers() });

  const times = createRequestTimes(metrics);

  async function build(): Promise<FastifyInstance> {
    const app = Fastify({
      logger: false,
      bodyLimit: bodyLimitBytes,
      exposeHeadRoutes: false,
      forceCloseConnections: 'idle',
      clientErrorHandler: answerClientError,
      rewriteUrl: ({ url }) => plainPath(url ?? '/'),
      routerOptions: { ignoreTrailingSlash: true, caseSensitive: false, querystringParser: parseForm },
    });
    app.setValidatorCompiler(createValidators());
    app.setNotFoundHandler((request, reply) => {
      const ofContract = request.url.startsWith('/api');
      void reply.code(404);
      if (ofContract) void reply.type(plainText).send(answerText('1.1', 'function-unknown'));
      else void reply.send({ error: 'not-found', detail: `${request.method} ${request.url.split('?')[0] ?? ''} is not a route; see /v1/openapi.json` });
    });
    answerErrors(app, log);
    const gate = createAddressGate(context);
    app.addHook('onClose', (_app, done) => {
      gate.stop();
      done();
    });
    await registerOpenApi(app);
    // In a scope of its own: its forms are no business of /v1.
    await app.register((scope, _options, done) => {
      registerFacade(scope, { context, contract, gate, times });
      done();
    });
    // The facade's functions gate and time themselves: hooks would cost more than what is answered from memory.
    await app.register(async (scope) => {
      scope.addHook('onRequest', (request, reply, done) => {
        if (!gate.refuses(request, reply)) done();
      });
      scope.addHook('onResponse', (request, reply, done) => {
        times.of(request.routeOptions.url ?? 'unknown', reply.statusCode).observe(reply.elapsedTime / 1000);
        done();
      });
      await registerAdmin(scope, context, contract, options);
      registerSystemRoutes(scope, context);
    });
    return app;
  }

  return {
    name: 'api',
    port: () => (server?.server.address() as AddressInfo | null)?.port ?? 0,
    async start() {
      await contract.start({ live: true });
      server = await build();
      await server.listen({ host: options.host ?? '127.0.0.1', port: options.port });
      serverHealth.start();
    },
    async stop() {
      serverHealth.stop();
      const closing = server;
      server = undefined;
      await closing?.close();
      contract.stop();
    },
  };
}
