import { asExtension, type Extension } from '@ritmo/domain';
import { Type, type Static } from '@sinclair/typebox';
import type { FastifyInstance } from 'fastify';
import { sendRefusal, type AdminParts } from './parts.ts';

const IdParams = Type.Object({ id: Type.Integer({ minimum: 1 }) });
type IdParams = Static<typeof IdParams>;
const StatusBody = Type.Object({ statusId: Type.Integer({ minimum: 0 }) }, { additionalProperties: false });
const DialBody = Type.Object({ number: Type.String({ minLength: 2, maxLength: 20 }) }, { additionalProperties: false });

/** Commands to an agent, by the agent's id. */
export function registerAgentRoutes(app: FastifyInstance, { context, actor }: AdminParts): void {
  const { bus, directory } = context;
  const tags = ['agents'];
  const extensionOf = (id: number): { extension: Extension; hardphone: boolean } | undefined => {
    const agent = directory.get('agent', id);
    return agent && { extension: asExtension(agent.extension), hardphone: agent.kind === 'hardphone' };
  };
  const unknown = { code: 'not-found' } as const;

  for (const action of ['pause', 'unpause', 'ready'] as const) {
    app.post<{ Params: IdParams }>(`/v1/agents/:id/${action}`, { schema: { tags, params: IdParams } }, async (request, reply) => {
      const agent = extensionOf(request.params.id);
      if (agent === undefined) return sendRefusal(reply, unknown);
      const result = await bus.request(`acd.agent.${action}`, { extension: agent.extension, by: actor(request) });
      return result.ok ? { done: true } : sendRefusal(reply, result);
    });
  }
  app.post<{ Params: IdParams }>('/v1/agents/:id/login', { schema: { tags, params: IdParams } }, async (request, reply) => {
    const agent = extensionOf(request.params.id);
    if (agent === undefined) return sendRefusal(reply, unknown);
    const result = await bus.request('acd.agent.login', { ...agent, sharedExtension: null, by: actor(request) });
    return result.ok ? { done: true } : sendRefusal(reply, result);
  });
  app.post<{ Params: IdParams }>('/v1/agents/:id/logout', { schema: { tags, params: IdParams } }, async (request, reply) => {
    const agent = extensionOf(request.params.id);
    if (agent === undefined) return sendRefusal(reply, unknown);
    const result = await bus.request('acd.agent.logout', { ...agent, by: actor(request) });
    return result.ok ? { done: true } : sendRefusal(reply, result);
  });
  app.post<{ Params: IdParams; Body: Static<typeof StatusBody> }>('/v1/agents/:id/status', { schema: { tags, params: IdParams, body: StatusBody } }, async (request, reply) => {
    const agent = extensionOf(request.params.id);
    if (agent === undefined) return sendRefusal(reply, unknown);
    const result = await bus.request('acd.agent.set-status', { extension: agent.extension, statusId: request.body.statusId, by: actor(request) });
    return result.ok ? { done: true } : sendRefusal(reply, result);
  });
  app.post<{ Params: IdParams; Body: Static<typeof DialBody> }>('/v1/agents/:id/dial', { schema: { tags, params: IdParams, body: DialBody } }, async (request, reply) => {
    const agent = extensionOf(request.params.id);
    if (agent === undefined) return sendRefusal(reply, unknown);
    const result = await bus.request('acd.dial', { extension: agent.extension, number: request.body.number, by: actor(request) });
    return result.ok ? reply.code(202).send({ callId: result.callId }) : sendRefusal(reply, result);
  });
}
