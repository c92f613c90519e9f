import { directorySchemas, type DirectoryKind } from '@ritmo/domain';
import type { TObject } from '@sinclair/typebox';
import type { FastifyInstance } from 'fastify';
import { sendRefusal, type AdminParts } from './parts.ts';

const paths: Readonly<Record<Exclude<DirectoryKind, 'settings'>, string>> = {
  trunk: 'trunks',
  route: 'routes',
  agent: 'agents',
  'shared-extension': 'shared-extensions',
  'agent-group': 'agent-groups',
  queue: 'queues',
  'user-status': 'user-statuses',
  disposition: 'dispositions',
  'block-list': 'block-lists',
  'call-window': 'call-windows',
  campaign: 'campaigns',
};

/** Never told. A change that leaves them out keeps them. */
const secrets = ['password', 'phonePassword', 'apiKey'] as const;

type Entry = Readonly<Record<string, unknown>>;

export function withoutSecrets(entry: Entry): Entry {
  return Object.fromEntries(Object.entries(entry).filter(([name]) => !(secrets as readonly string[]).includes(name)));
}

/** The schema as a caller sees it: what has a default need not come, nor the id, nor (in a change) a secret. */
function bodySchema(schema: TObject, purpose: 'create' | 'replace' | 'change'): object {
  const required = (schema.required ?? []).filter((name) => {
    if (name === 'id' || purpose === 'change') return false;
    if (purpose === 'replace' && (secrets as readonly string[]).includes(name)) return false;
    return schema.properties[name]?.['default'] === undefined;
  });
  const properties =
    purpose === 'change'
      ? Object.fromEntries(Object.entries(schema.properties).map(([name, { default: _default, ...rest }]) => [name, rest]))
      : schema.properties;
  return { type: 'object', additionalProperties: false, properties, required };
}

const idParams = { type: 'object', properties: { id: { type: 'integer', minimum: 0 } }, required: ['id'] } as const;

/** CRUD of every kind of configured thing, straight from the schemas. */
export function registerDirectoryRoutes(app: FastifyInstance, { context, actor }: AdminParts): void {
  const { bus, directory } = context;

  const existing = (kind: DirectoryKind, id: number): Entry | undefined => directory.get(kind, id) as Entry | undefined;
  const keepSecrets = (kind: DirectoryKind, id: number, entry: Entry): Entry => {
    const before = existing(kind, id) ?? {};
    const kept = secrets.filter((name) => before[name] !== undefined && entry[name] === undefined).map((name) => [name, before[name]]);
    return { ...Object.fromEntries(kept), ...entry };
  };

  for (const [kind, path] of Object.entries(paths) as [Exclude<DirectoryKind, 'settings'>, string][]) {
    const schema = directorySchemas[kind] as unknown as TObject;
    const tags = [path];
    app.get(`/v1/${path}`, { schema: { tags, summary: `All ${path}` } }, () => ({ items: (directory.all(kind) as readonly Entry[]).map(withoutSecrets) }));
    app.get<{ Params: { id: number } }>(`/v1/${path}/:id`, { schema: { tags, params: idParams } }, (request, reply) => {
      const entry = existing(kind, request.params.id);
      return entry === undefined ? sendRefusal(reply, { code: 'not-found' }) : withoutSecrets(entry);
    });
    app.post<{ Body: Entry }>(`/v1/${path}`, { schema: { tags, summary: 'Create; without an id it gets the next one', body: bodySchema(schema, 'create') } }, async (request, reply) => {
      const id = (request.body['id'] as number | undefined) ?? null;
      const result = await bus.request('directory.put', { kind, id, entry: request.body, mustBeNew: true, by: actor(request) });
      return result.ok ? reply.code(201).header('location', `/v1/${path}/${result.id}`).send({ id: result.id }) : sendRefusal(reply, result);
    });
    app.put<{ Params: { id: number }; Body: Entry }>(
      `/v1/${path}/:id`,
      { schema: { tags, summary: 'Create or replace', params: idParams, body: bodySchema(schema, 'replace') } },
      async (request, reply) => {
        const { id } = request.params;
        const entry = keepSecrets(kind, id, { ...request.body, id });
        const result = await bus.request('directory.put', { kind, id, entry, by: actor(request) });
        return result.ok ? { id: result.id } : sendRefusal(reply, result);
      },
    );
    app.patch<{ Params: { id: number }; Body: Entry }>(
      `/v1/${path}/:id`,
      { schema: { tags, summary: 'Change some fields', params: idParams, body: bodySchema(schema, 'change') } },
      async (request, reply) => {
        const { id } = request.params;
        const before = existing(kind, id);
        if (before === undefined) return sendRefusal(reply, { code: 'not-found' });
        const result = await bus.request('directory.put', { kind, id, entry: { ...before, ...request.body, id }, by: actor(request) });
        return result.ok ? { id: result.id } : sendRefusal(reply, result);
      },
    );
    app.delete<{ Params: { id: number } }>(`/v1/${path}/:id`, { schema: { tags, params: idParams } }, async (request, reply) => {
      const result = await bus.request('directory.remove', { kind, id: request.params.id, by: actor(request) });
      return result.ok ? reply.code(204).send() : sendRefusal(reply, result);
    });
  }

  const settingsSchema = directorySchemas.settings as unknown as TObject;
  const tags = ['settings'];
  app.get('/v1/settings', { schema: { tags } }, () => withoutSecrets(existing('settings', 1) ?? {}));
  app.put<{ Body: Entry }>('/v1/settings', { schema: { tags, body: bodySchema(settingsSchema, 'replace') } }, async (request, reply) => {
    const entry = keepSecrets('settings', 1, { ...request.body, id: 1 });
    const result = await bus.request('directory.put', { kind: 'settings', id: 1, entry, by: actor(request) });
    return result.ok ? { id: 1 } : sendRefusal(reply, result);
  });
  app.patch<{ Body: Entry }>('/v1/settings', { schema: { tags, body: bodySchema(settingsSchema, 'change') } }, async (request, reply) => {
    const entry = { ...existing('settings', 1), ...request.body, id: 1 };
    const result = await bus.request('directory.put', { kind: 'settings', id: 1, entry, by: actor(request) });
    return result.ok ? { id: 1 } : sendRefusal(reply, result);
  });
}
