import type { ContactToImport } from '@ritmo/bus';
import { asId, type BlockListId, type CampaignId, type ContactId, type PhoneId, asExtension } from '@ritmo/domain';
import { Type, type Static } from '@sinclair/typebox';
import type { FastifyInstance } from 'fastify';
import { sendRefusal, type AdminParts } from './parts.ts';

const IdParams = Type.Object({ id: Type.Integer({ minimum: 1 }) });
type IdParams = Static<typeof IdParams>;

const ContactsBody = Type.Object(
  {
    source: Type.Optional(Type.String({ maxLength: 200 })),
    contacts: Type.Array(
      Type.Object(
        {
          parameters: Type.Array(Type.String(), { default: [] }),
          phones: Type.Array(
            Type.Object(
              {
                areaCode: Type.String({ default: '', description: "Empty: the campaign's" }),
                number: Type.String({ minLength: 1 }),
                priority: Type.Optional(Type.Integer({ minimum: 1, maximum: 10 })),
                dialNow: Type.Optional(Type.Boolean()),
                dialAt: Type.Optional(Type.Union([Type.Integer(), Type.Null()], { description: 'ms since the epoch' })),
              },
              { additionalProperties: false },
            ),
            { minItems: 1, maxItems: 10 },
          ),
        },
        { additionalProperties: false },
      ),
      { minItems: 1, maxItems: 100_000 },
    ),
  },
  { additionalProperties: false },
);
const WhyQuery = Type.Object({ phone: Type.String({ minLength: 3 }), campaign: Type.Optional(Type.Integer({ minimum: 1 })) });
const NumberBody = Type.Object({ number: Type.String(), description: Type.String({ default: '' }) }, { additionalProperties: false });
const NoteBody = Type.Object(
  {
    campaignId: Type.Integer(),
    phoneId: Type.Union([Type.Integer(), Type.Null()], { default: null }),
    extension: Type.String(),
    text: Type.String({ minLength: 1, maxLength: 10_000 }),
  },
  { additionalProperties: false },
);
const PreviewBody = Type.Object({ extension: Type.String(), accepted: Type.Boolean() }, { additionalProperties: false });

const importTimeoutMs = 300_000;
/** One bus message stays well below a broker's limit. */
const contactsPerRequest = 1_000;

export function registerCampaignRoutes(app: FastifyInstance, { context, actor }: AdminParts): void {
  const { bus } = context;
  const tags = ['campaigns'];

  for (const action of ['activate', 'deactivate'] as const) {
    app.post<{ Params: IdParams }>(`/v1/campaigns/:id/${action}`, { schema: { tags, params: IdParams } }, async (request, reply) => {
      const result = await bus.request('dialer.campaign.set-active', { campaignId: asId<CampaignId>(request.params.id), action, by: actor(request) });
      return result.ok ? { active: result.active } : sendRefusal(reply, result);
    });
  }

  app.post<{ Params: IdParams; Body: Static<typeof ContactsBody> }>(
    '/v1/campaigns/:id/contacts',
    { schema: { tags, summary: 'Import contacts', params: IdParams, body: ContactsBody } },
    async (request, reply) => {
      const contacts = request.body.contacts as readonly ContactToImport[];
      const result = { imported: 0, contactIds: [] as number[], rejected: [] as { index: number; reason: string }[] };
      for (let from = 0; from < contacts.length; from += contactsPerRequest) {
        const part = await bus.request(
          'dialer.contacts.import',
          {
            campaignId: asId<CampaignId>(request.params.id),
            contacts: contacts.slice(from, from + contactsPerRequest).map((contact, index) => ({ ...contact, place: from + index })),
            source: request.body.source ?? 'v1/contacts',
            by: actor(request),
          },
          { timeoutMs: importTimeoutMs },
        );
        if (!part.ok) return sendRefusal(reply, part);
        result.imported += part.imported;
        result.contactIds.push(...part.contactIds);
        result.rejected.push(...part.rejected.map(({ index, reason }) => ({ index: from + index, reason })));
      }
      return result;
    },
  );

  app.get<{ Params: IdParams }>('/v1/campaigns/:id/status', { schema: { tags, params: IdParams } }, async (request, reply) => {
    const { campaigns } = await bus.request('dialer.status', { campaignId: asId<CampaignId>(request.params.id) });
    return campaigns[0] ?? sendRefusal(reply, { code: 'not-found' });
  });
  app.get('/v1/status', { schema: { tags, summary: 'Pacing and counts of every campaign' } }, () => bus.request('dialer.status', { campaignId: null }));
  app.get<{ Querystring: Static<typeof WhyQuery> }>(
    '/v1/why',
    { schema: { tags, summary: 'Why a phone was or was not dialed, and when it will be', querystring: WhyQuery } },
    (request) => {
      const { phone, campaign } = request.query;
      return bus.request('dialer.why', { number: phone, campaignId: campaign === undefined ? null : asId<CampaignId>(campaign) }, { timeoutMs: 15_000 });
    },
  );

  app.post<{ Params: IdParams; Body: Static<typeof NumberBody> }>('/v1/block-lists/:id/numbers', { schema: { tags: ['block-lists'], params: IdParams, body: NumberBody } }, async (request, reply) => {
    const result = await bus.request('dialer.blocklist.add', { blockListId: asId<BlockListId>(request.params.id), ...request.body, by: actor(request) });
    return result.ok ? reply.code(201).send({ number: request.body.number }) : sendRefusal(reply, result);
  });
  app.delete<{ Params: { id: number; number: string } }>('/v1/block-lists/:id/numbers/:number', { schema: { tags: ['block-lists'], params: Type.Object({ id: Type.Integer(), number: Type.String() }) } }, async (request, reply) => {
    const { id, number } = request.params;
    const result = await bus.request('dialer.blocklist.remove', { blockListId: asId<BlockListId>(id), number, by: actor(request) });
    return result.ok ? { removed: result.removed } : sendRefusal(reply, result);
  });

  const contacts = { tags: ['contacts'], params: IdParams };
  app.post<{ Params: IdParams; Body: Static<typeof NoteBody> }>('/v1/contacts/:id/notes', { schema: { ...contacts, body: NoteBody } }, async (request, reply) => {
    const { campaignId, phoneId, extension, text } = request.body;
    const result = await bus.request('dialer.note.add', {
      campaignId: asId<CampaignId>(campaignId),
      contactId: asId<ContactId>(request.params.id),
      phoneId: phoneId === null ? null : asId<PhoneId>(phoneId),
      extension: asExtension(extension),
      text,
    });
    return result.ok ? reply.code(201).send({ contactId: request.params.id }) : sendRefusal(reply, result);
  });
  app.post<{ Params: IdParams; Body: Static<typeof PreviewBody> }>('/v1/contacts/:id/preview', { schema: { ...contacts, body: PreviewBody } }, async (request, reply) => {
    const { extension, accepted } = request.body;
    const result = await bus.request('dialer.preview.answer', { extension: asExtension(extension), contactId: asId<ContactId>(request.params.id), accepted });
    return result.ok ? { accepted } : sendRefusal(reply, { ...result, code: 'not-found', detail: 'this contact is not offered to this extension' });
  });
}
