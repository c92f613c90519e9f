/** List files in, and how far they are; results out. */
import { createReadStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { basename } from 'node:path';
import { asId, type CampaignId } from '@ritmo/domain';
import { Type, type Static } from '@sinclair/typebox';
import type { FastifyInstance } from 'fastify';
import { sendRefusal, type AdminParts } from './parts.ts';

const IdParams = Type.Object({ id: Type.Integer({ minimum: 1 }) });
const ImportQuery = Type.Object({
  name: Type.String({ default: 'v1.csv', maxLength: 200 }),
  again: Type.Boolean({ default: false, description: 'Import the file once more, though the same file was imported into this campaign before' }),
  wait: Type.Boolean({ default: true, description: 'false: answer as soon as the file is taken over; GET /v1/imports/{id} tells how far it is' }),
});
const ListQuery = Type.Object({ limit: Type.Integer({ default: 50, minimum: 1, maximum: 1_000 }) });
type IdParams = Static<typeof IdParams>;

const importTimeoutMs = 300_000;
/** The facts of years are read through. */
const exportTimeoutMs = 600_000;

export function registerImportRoutes(app: FastifyInstance, { context, actor }: AdminParts): void {
  const { bus } = context;
  const tags = ['campaigns'];

  app.register((scope, _options, done) => {
    scope.addContentTypeParser(['text/plain', 'text/csv', 'application/octet-stream'], { parseAs: 'buffer' }, (_request, body, parsed) => parsed(null, body));
    scope.post<{ Params: IdParams; Querystring: Static<typeof ImportQuery> }>(
      '/v1/campaigns/:id/import',
      {
        schema: {
          tags,
          summary: 'Import a mailing file: its bytes as text/plain or text/csv, or {"path"} of a file on the server as JSON',
          params: IdParams,
          querystring: ImportQuery,
        },
      },
      async (request, reply) => {
        const asked = { campaignId: asId<CampaignId>(request.params.id), again: request.query.again, wait: request.query.wait, by: actor(request) };
        const body = request.body;
        const file = Buffer.isBuffer(body) ? undefined : (body as { readonly path?: unknown; readonly name?: unknown } | null | undefined);
        const path = file?.path;
        if (!Buffer.isBuffer(body) && typeof path !== 'string') return sendRefusal(reply, { code: 'invalid', detail: 'send the file as text/plain, or {"path": "..."} as JSON' });
        const result = await bus.request(
          'mailing.import',
          Buffer.isBuffer(body)
            ? { ...asked, name: request.query.name, contentBase64: body.toString('base64') }
            : { ...asked, name: typeof file?.name === 'string' ? file.name : String(path), path: String(path) },
          { timeoutMs: importTimeoutMs },
        );
        if (!result.ok) return sendRefusal(reply, result);
        const { importId, state, repeated, lines, imported, rejected } = result;
        return { importId, state, repeated, lines, imported, rejected };
      },
    );
    done();
  });

  app.get<{ Params: IdParams }>(
    '/v1/campaigns/:id/results',
    { schema: { tags, summary: 'The results of a campaign as a file of the manual\'s layout 1.5', params: IdParams } },
    async (request, reply) => {
      const result = await bus.request('mailing.export', { campaignId: asId<CampaignId>(request.params.id) }, { timeoutMs: exportTimeoutMs });
      if (!result.ok) return sendRefusal(reply, result);
      const file = createReadStream(result.path);
      // It was written for this answer alone.
      file.once('close', () => void rm(result.path, { force: true }).catch((error: unknown) => context.log.warn({ err: error, path: result.path }, 'a file of results stays')));
      return reply.type('text/csv; charset=utf-8').header('content-disposition', `attachment; filename="${basename(result.path)}"`).send(file);
    },
  );

  app.get<{ Querystring: Static<typeof ListQuery> }>('/v1/imports', { schema: { tags, summary: 'Imports of list files, newest first, with progress and rate', querystring: ListQuery } }, (request) =>
    bus.request('mailing.imports', { importId: null, limit: request.query.limit }),
  );
  app.get<{ Params: IdParams }>('/v1/imports/:id', { schema: { tags, summary: 'An import, with its bad lines', params: IdParams } }, async (request, reply) => {
    const importId = request.params.id;
    const [found] = (await bus.request('mailing.imports', { importId })).imports;
    if (!found) return sendRefusal(reply, { code: 'not-found' });
    const { rejected } = await bus.request('mailing.rejected', { importId });
    return { ...found, rejectedLines: rejected };
  });
}
