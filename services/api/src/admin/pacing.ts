import { NoResponderError } from '@ritmo/bus';
import { asId, type CampaignId } from '@ritmo/domain';
import { Type, type Static } from '@sinclair/typebox';
import type { FastifyInstance } from 'fastify';
import { sendRefusal, type AdminParts } from './parts.ts';

const IdParams = Type.Object({ id: Type.Integer({ minimum: 1 }) });
const PacingQuery = Type.Object({ limit: Type.Integer({ minimum: 1, maximum: 400, default: 20 }) });
const ReplayBody = Type.Object(
  {
    policy: Type.String({ default: 'ritmo', description: 'A name that `npm run simulate -- --list` shows; several with commas' }),
    agents: Type.Optional(Type.Integer({ minimum: 1, maximum: 10_000, description: 'As recorded when left out' })),
    seeds: Type.Integer({ minimum: 1, maximum: 100, default: 5, description: 'Resamplings' }),
  },
  { additionalProperties: false },
);
const ReplayParams = Type.Object({ id: Type.String({ minLength: 1, maxLength: 100 }) });

/** How campaigns are paced, and how they would have been with another policy or another number of agents. */
export function registerPacingRoutes(app: FastifyInstance, { context }: AdminParts): void {
  const { bus, directory } = context;
  const tags = ['pacing'];

  app.get<{ Params: Static<typeof IdParams>; Querystring: Static<typeof PacingQuery> }>(
    '/v1/campaigns/:id/pacing',
    { schema: { tags, summary: "The pacing decision of this moment and the samples in the campaign's events, newest first", params: IdParams, querystring: PacingQuery } },
    async (request, reply) => {
      const campaignId = asId<CampaignId>(request.params.id);
      if (!directory.get('campaign', campaignId)) return sendRefusal(reply, { code: 'not-found', detail: 'unknown campaign' });
      return bus.request('dialer.pacing', { campaignId, limit: request.query.limit });
    },
  );
  app.post<{ Params: Static<typeof IdParams>; Body: Static<typeof ReplayBody> }>(
    '/v1/campaigns/:id/replay',
    { schema: { tags, summary: 'Run the recorded campaign again; GET /v1/replays/{id} tells how far it is and what came out', params: IdParams, body: ReplayBody } },
    async (request, reply) => {
      const { policy, agents, seeds } = request.body;
      const policies = policy.split(',').map((name) => name.trim());
      const result = await bus.request('dialer.replay.start', { campaignId: asId<CampaignId>(request.params.id), policies, agents: agents ?? null, seeds });
      if (!result.ok) return sendRefusal(reply, result.code === 'unknown-policy' ? { ...result, code: 'invalid' } : result);
      return reply.code(202).send({ replayId: result.replayId });
    },
  );
  app.get<{ Params: Static<typeof ReplayParams> }>('/v1/replays/:id', { schema: { tags, params: ReplayParams } }, async (request, reply) => {
    try {
      return await bus.request('dialer.replay.status', { replayId: request.params.id });
    } catch (error) {
      if (error instanceof NoResponderError) return sendRefusal(reply, { code: 'not-found', detail: 'there is no such replay: it ended long ago, or the dialer was restarted' });
      throw error;
    }
  });
}
