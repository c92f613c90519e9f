import type { AddressInfo } from 'node:net';
import { NoResponderError, RequestTimeoutError } from '@ritmo/bus';
import { answerText, createContract } from '@ritmo/contract';
import type { ServiceApp, ServiceContext } from '@ritmo/service-kit';
import Fastify, { type FastifyInstance } from 'fastify';
import { Histogram } from 'prom-client';
import { registerAdmin } from './admin/routes.ts';
import { registerFacade } from './facade.ts';
import { parseForm } from './form.ts';
import { registerOpenApi } from './openapi.ts';
import type { ApiOptions } from './options.ts';
import { createServerHealth } from './server-health.ts';
import { createValidators } from './validators.ts';

export interface ApiApp extends ServiceApp {
  /** The port it listens on, once started. */
  port(): number;
}

const bodyLimitBytes = 64 * 1024 * 1024;

/** The HTTP facade of the manual under /api, the admin API under /v1, /health and /metrics. */
export function createApiApp(context: ServiceContext, options: ApiOptions): ApiApp {
  const { log, metrics, health } = context;
  let server: FastifyInstance | undefined;
  const serverHealth = createServerHealth(context, { everyMs: options.healthEveryMs ?? 30_000 });
  const contract = createContract(context, { servers: () => serverHealth.servers() });

  const timing = (metrics.getSingleMetric('ritmo_http_seconds') ??
    new Histogram({
      name: 'ritmo_http_seconds',
      help: 'Time to answer an HTTP request, by route and status',
      labelNames: ['route', 'status'],
      buckets: [0.001, 0.005, 0.02, 0.1, 0.5, 2, 10],
      registers: [metrics],
    })) as Histogram<'route' | 'status'>;

  // Looked up once for each route and status: a request should not pay for the labels.
  const known = new Map<string, Map<number, { observe(seconds: number): void }>>();
  const series = (route: string, status: number): { observe(seconds: number): void } => {
    const ofRoute = known.get(route) ?? new Map<number, { observe(seconds: number): void }>();
    const found = ofRoute.get(status) ?? timing.labels(route, String(status));
    ofRoute.set(status, found);
    known.set(route, ofRoute);
    return found;
  };

  async function build(): Promise<FastifyInstance> {
    const app = Fastify({
      logger: false,
      bodyLimit: bodyLimitBytes,
      exposeHeadRoutes: false,
      forceCloseConnections: 'idle',
      routerOptions: { ignoreTrailingSlash: true, caseSensitive: false, querystringParser: parseForm },
    });
    app.setValidatorCompiler(createValidators());
    app.addHook('onResponse', (request, reply, done) => {
      series(request.routeOptions.url ?? 'unknown', reply.statusCode).observe(reply.elapsedTime / 1000);
      done();
    });
    app.setNotFoundHandler((request, reply) => {
      const ofContract = request.url.startsWith('/api');
      void reply.code(404);
      if (ofContract) void reply.type('text/plain; charset=utf-8').send(answerText('1.1', 'function-unknown'));
      else void reply.send({ error: 'not-found', detail: `${request.method} ${request.url.split('?')[0] ?? ''} is not a route; see /v1/openapi.json` });
    });
    app.setErrorHandler((error: Error & { statusCode?: number; validation?: unknown }, request, reply) => {
      const unavailable = error instanceof NoResponderError || error instanceof RequestTimeoutError;
      const asked = error.statusCode ?? 500;
      const status = unavailable ? 503 : asked >= 400 && asked < 500 ? asked : 500;
      if (status >= 500) log.error({ err: error, path: request.url.split('?')[0] }, 'a request failed');
      void reply.code(status);
      if (request.url.startsWith('/api')) {
        const text = unavailable ? answerText('1.1', 'unavailable') : status === 500 ? 'ERRO INTERNO' : 'REQUISICAO INVALIDA';
        return void reply.type('text/plain; charset=utf-8').send(text);
      }
      const detail = status === 500 ? 'internal error' : error.message;
      void reply.send({ error: unavailable ? 'unavailable' : status === 500 ? 'internal' : 'invalid', detail });
    });
    await registerOpenApi(app);
    registerFacade(app, context, contract);
    await registerAdmin(app, context, contract, options);
    app.get('/health', { schema: { tags: ['system'], security: [] } }, async (_request, reply) => {
      const parts = await health.parts();
      const worst = parts.some((part) => part.health.status === 'CRITICAL') ? 'CRITICAL' : parts.some((part) => part.health.status === 'WARNING') ? 'WARNING' : 'OK';
      return reply.code(worst === 'CRITICAL' ? 503 : 200).send({ status: worst, parts: parts.map(({ part, health: each }) => ({ part, ...each })) });
    });
    app.get('/metrics', { schema: { tags: ['system'], security: [] } }, async (_request, reply) => reply.type(metrics.contentType).send(await metrics.metrics()));
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
