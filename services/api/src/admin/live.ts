import { asCallId, type EventType } from '@ritmo/domain';
import type { StoredEvent } from '@ritmo/event-store';
import { Type, type Static } from '@sinclair/typebox';
import type { FastifyInstance } from 'fastify';
import { withoutSecrets } from './directory.ts';
import { sendRefusal, type AdminParts } from './parts.ts';

const EventsQuery = Type.Object({
  after: Type.String({ pattern: '^\\d{0,19}$', default: '', description: 'Position of the last event known; empty begins at the first' }),
  limit: Type.Integer({ minimum: 1, maximum: 1_000, default: 200 }),
  types: Type.String({ default: '', description: 'Comma-separated' }),
  waitMs: Type.Integer({ minimum: 0, maximum: 30_000, default: 0, description: 'Wait this long for the first event' }),
});
const RecordingsQuery = Type.Object({ call: Type.Optional(Type.String()), recording: Type.Optional(Type.Integer()) });

/** As it is stored, without the secrets of configured things. */
function shown(event: StoredEvent): object {
  const { data } = event;
  const entry = data['entry'] as Readonly<Record<string, unknown>> | undefined;
  return { ...event, position: event.position.toString(), data: entry === undefined ? data : { ...data, entry: withoutSecrets(entry) } };
}

/** What goes on now, and the events themselves. */
export function registerLiveRoutes(app: FastifyInstance, { context }: AdminParts): void {
  const { bus, events, clock } = context;
  const tags = ['live'];
  app.get('/v1/live/agents', { schema: { tags } }, () => bus.request('acd.agents', {}));
  app.get('/v1/live/queues', { schema: { tags } }, () => bus.request('acd.queues', {}));
  app.get('/v1/live/calls', { schema: { tags } }, () => bus.request('telephony.calls', {}));
  app.get('/v1/live/trunks', { schema: { tags } }, () => bus.request('telephony.trunks', {}));
  app.get('/v1/live/registrations', { schema: { tags } }, () => bus.request('telephony.bindings', {}));
  app.get('/v1/projector', { schema: { tags, summary: 'How far the views are behind' } }, () => bus.request('projector.status', {}));

  app.post<{ Params: { callId: string } }>('/v1/calls/:callId/hangup', { schema: { tags } }, async (request, reply) => {
    const result = await bus.request('telephony.hangup', { callId: asCallId(request.params.callId), by: 'system', reason: 'admin' });
    return result.ok ? { done: true } : sendRefusal(reply, result);
  });

  app.get<{ Querystring: Static<typeof EventsQuery> }>('/v1/events', { schema: { tags, summary: 'Events in order', querystring: EventsQuery } }, async (request) => {
    const { after, limit, types, waitMs } = request.query;
    const wanted = types === '' ? undefined : (types.split(',') as EventType[]);
    const deadline = clock.nowMs() + waitMs;
    for (;;) {
      const page = await events.readAll({ limit, ...(after === '' ? {} : { after: BigInt(after) }), ...(wanted === undefined ? {} : { types: wanted }) });
      if (page.length > 0 || clock.nowMs() >= deadline || request.raw.destroyed) {
        return { after: page.at(-1)?.position.toString() ?? after, events: page.map(shown) };
      }
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  });
  app.get('/v1/events/head', { schema: { tags } }, async () => ({ head: (await events.head())?.toString() ?? null }));

  app.get<{ Querystring: Static<typeof RecordingsQuery> }>('/v1/recordings', { schema: { tags, querystring: RecordingsQuery } }, (request) => {
    const { call, recording } = request.query;
    return bus.request('recorder.find', { callId: call === undefined ? null : asCallId(call), recordingId: recording ?? null });
  });
}
