import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { httpFunctions } from '@ritmo/contract';
import { createStage, type Stage } from '@ritmo/contract/testing';
import { asCallId } from '@ritmo/domain';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createApiApp, type ApiApp } from './app.ts';

let stage: Stage;
let app: ApiApp;
let dataDir: string;

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'api-'));
  stage = await createStage({ dataDir });
  stage.put('settings', { id: 1 });
  app = createApiApp(stage.context, { port: 0, adminKey: 'admin-key-of-the-test' });
  await app.start();
});
afterAll(async () => {
  await app.stop();
  await stage.close();
  await rm(dataDir, { recursive: true });
});

interface OpenApi {
  readonly paths: Record<
    string,
    Record<
      string,
      {
        readonly parameters?: { readonly name: string; readonly required?: boolean }[];
        readonly requestBody?: { readonly content: Record<string, { readonly schema: { readonly properties?: object; readonly required?: string[] } }> };
        readonly responses?: Record<string, { readonly description: string; readonly content?: object }>;
      }
    >
  >;
}

const url = (path: string): string => `http://127.0.0.1:${app.port()}${path}`;

test('the list page names every function with its syntax', async () => {
  const response = await fetch(url('/api'));
  const text = await response.text();
  expect(response.headers.get('content-type')).toBe('text/plain; charset=utf-8');
  for (const { name, http, parameters } of httpFunctions) {
    expect(text).toMatch(new RegExp(`^${name} \\(${http.section.replaceAll('.', '\\.')}\\): .+$`, 'm'));
    for (const syntax of http.syntax) expect(text).toContain(`\n  api/${syntax}\n`);
    for (const parameter of parameters) expect(text).toContain(`\n    ${parameter.name}: ${parameter.meaning}`);
  }
  expect(httpFunctions).toHaveLength(28);
  expect(text).toContain('api/set_status?ramal=<ramal desejado>&status_id=<id do status desejado>');
});

test('an unknown function is a 404 in plain text', async () => {
  const response = await fetch(url('/api/nada'));
  expect([response.status, response.headers.get('content-type'), await response.text()]).toEqual([404, 'text/plain; charset=utf-8', 'FUNCAO NAO ENCONTRADA']);
});

test('a service that does not answer is a 503, never a stack trace', async () => {
  const response = await fetch(url('/api/set_pause?ramal=10005'));
  expect([response.status, await response.text()]).toEqual([503, 'SISTEMA INDISPONIVEL, TENTE NOVAMENTE']);
});

test('a form is the same as a query, Latin-1 the same as UTF-8', async () => {
  stage.answer('acd.queues', { queues: [{ queueId: 1 as never, name: 'São Paulo', waiting: [] }] });
  const latin1 = await fetch(url('/api/fila_espera'), {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: 'fila=S%E3o+Paulo',
  });
  const utf8 = await fetch(url(`/api/fila_espera?fila=${encodeURIComponent('são paulo')}`));
  const unknown = await fetch(url('/api/fila_espera?fila=outra'));
  expect([await latin1.text(), await utf8.text(), await unknown.text()]).toEqual(['', '', 'FILA NAO ENCONTRADA']);
});

test.each(httpFunctions.map(({ name }) => name))('POST %s is the same as GET', async (name) => {
  const asked = async (init: RequestInit): Promise<unknown[]> => {
    const response = await fetch(url(`/api/${name}`), init);
    return [response.status, response.headers.get('content-type'), await response.text()];
  };
  const got = await asked({});
  expect(await asked({ method: 'POST' })).toEqual(got);
  expect(await asked({ method: 'POST', body: new URLSearchParams() })).toEqual(got);
});

test('a form is a form, whatever its client calls it', async () => {
  stage.answer('acd.queues', { queues: [{ queueId: 1 as never, name: 'São Paulo', waiting: [] }] });
  const posted = async (body: string | Buffer, contentType?: string): Promise<string> =>
    (await fetch(url('/api/fila_espera'), { method: 'POST', body: new Uint8Array(Buffer.from(body)), ...(contentType === undefined ? {} : { headers: { 'content-type': contentType } }) })).text();
  const bare = Buffer.from('fila=São Paulo', 'latin1');
  for (const type of ['application/x-www-form-urlencoded', 'application/x-www-form-urlencoded; charset=ISO-8859-1', 'text/plain', 'application/octet-stream', undefined]) {
    expect([type, await posted('fila=São+Paulo', type), await posted(bare, type), await posted('fila=outra', type)]).toEqual([type, '', '', 'FILA NAO ENCONTRADA']);
  }
  expect(await posted('{"fila":"São Paulo"}', 'application/json')).toBe('');
  const parts = new FormData();
  parts.set('fila', 'São Paulo');
  parts.set('anexo', new Blob(['fila=outra']), 'fila');
  expect(await (await fetch(url('/api/fila_espera'), { method: 'POST', body: parts })).text()).toBe('');
});

test('the name of a function may be percent-encoded in UTF-8 or in Latin-1, in capitals, with a slash behind it', async () => {
  for (const name of ['liga%C3%A7%C3%B5es_campanha', 'liga%E7%F5es_campanha', 'LIGACOES_CAMPANHA', 'ligacoes_campanha/', 'liga%63oes_campanha']) {
    expect([name, await (await fetch(url(`/api/${name}?campanha=9`))).text()]).toEqual([name, 'CAMPANHA NÃO ENCONTRADA']);
  }
  expect(await (await fetch(url('/api/liga%zz_campanha'))).text()).toBe('FUNCAO NAO ENCONTRADA');
});

test('a URL that is not encoded is told so', async () => {
  const ask = (line: string): Promise<string> =>
    new Promise((resolve, reject) => {
      const socket = connect(app.port(), '127.0.0.1', () => socket.write(`GET ${line} HTTP/1.1\r\nHost: a\r\n\r\n`));
      let answer = '';
      socket.setEncoding('utf8').on('data', (chunk: string) => (answer += chunk)).on('error', reject).on('close', () => resolve(answer));
    });
  for (const line of ['/api/fila_espera?fila=São', '/api/fila_espera?fila=Total IP']) {
    expect(await ask(line)).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n[^]*\r\n\r\nREQUISICAO INVALIDA: ESPACOS E ACENTOS NA URL DEVEM SER CODIFICADOS$/);
  }
});

test('a recording comes with type and length, whole or by range', async () => {
  await writeFile(join(dataDir, 'one.wav'), 'RIFF0123456789');
  stage.answer('recorder.find', ({ callId }) => ({
    parts: callId === asCallId('1272916393.14005') ? [{ recordingId: 84532, part: 1, file: 'one.wav', bytes: 14, durationMs: 1 }] : [],
  }));
  const whole = await fetch(url('/api/gravacao?codigo_ligacao=1272916393.14005'));
  expect([whole.status, whole.headers.get('content-type'), whole.headers.get('content-length'), await whole.text()]).toEqual([200, 'audio/wav', '14', 'RIFF0123456789']);
  const part = await fetch(url('/api/gravacao?codigo_ligacao=1272916393.14005'), { headers: { range: 'bytes=4-7' } });
  expect([part.status, part.headers.get('content-range'), await part.text()]).toEqual([206, 'bytes 4-7/14', '0123']);
  const past = await fetch(url('/api/gravacao?codigo_ligacao=1272916393.14005'), { headers: { range: 'bytes=99-' } });
  expect([past.status, past.headers.get('content-range')]).toEqual([416, 'bytes */14']);
  expect(await (await fetch(url('/api/gravacao?codigo_ligacao=1.1'))).text()).toBe('NENHUMA GRAVAÇÃO ENCONTRADA');
});

test('the admin API wants its key, checks bodies by the schemas and hides secrets', async () => {
  const admin = (path: string, init: RequestInit = {}): Promise<Response> =>
    fetch(url(path), { ...init, headers: { 'x-api-key': 'admin-key-of-the-test', 'content-type': 'application/json', ...init.headers } });
  expect((await fetch(url('/v1/agents'))).status).toBe(401);
  expect((await fetch(url('/v1/agents'), { headers: { authorization: 'Bearer admin-key-of-the-test' } })).status).toBe(200);
  const created = await admin('/v1/agents', { method: 'POST', body: JSON.stringify({ name: 'Ana', extension: '4001', password: 'segredo' }) });
  expect([created.status, await created.json()]).toEqual([201, { id: 1 }]);
  const shown = (await (await admin('/v1/agents/1')).json()) as Record<string, unknown>;
  expect(shown).toMatchObject({ id: 1, name: 'Ana', extension: '4001', maxCallbacks: 50 });
  expect(shown).not.toHaveProperty('password');
  const changed = await admin('/v1/agents/1', { method: 'PUT', body: JSON.stringify({ name: 'Ana Maria', extension: '4001' }) });
  expect(changed.status).toBe(200);
  expect(stage.context.directory.get('agent', 1)).toMatchObject({ name: 'Ana Maria', password: 'segredo' });
  const wrong = await admin('/v1/agents', { method: 'POST', body: JSON.stringify({ name: 'Bia', extension: 4002, password: 'segredo', extra: 1 }) });
  expect(wrong.status).toBe(400);
  expect(((await wrong.json()) as { detail: string }).detail).toMatch(/extension must be string/);
});

test('the OpenAPI document describes every function and every route of the admin API', async () => {
  const document = (await (await fetch(url('/v1/openapi.json'))).json()) as OpenApi;
  for (const { name } of httpFunctions) expect(document.paths).toHaveProperty([`/api/${name}`, 'get']);
  expect(document.paths['/api/set_status']?.['get']?.parameters?.map(({ name }) => name)).toEqual(['ramal', 'status_id', 'chave', 'chave_seguranca']);
  for (const { name, http } of httpFunctions) {
    const { get, post } = document.paths[`/api/${name}`] ?? {};
    const types = Object.keys(get?.responses?.['200']?.content ?? {});
    expect(types).toEqual(['text/plain', ...(http.also === undefined ? [] : [http.also])]);
    expect(get?.responses?.['200']?.description).toContain('CHAVE DA API INVÁLIDA');
    const form = post?.requestBody?.content['application/x-www-form-urlencoded']?.schema;
    expect(Object.keys(form?.properties ?? {})).toEqual(get?.parameters?.map((each) => each.name));
    expect(form?.required ?? []).toEqual(get?.parameters?.filter(({ required }) => required === true).map((each) => each.name));
  }
  expect(document.paths['/api/discar']?.['get']?.parameters?.filter(({ required }) => required).map(({ name }) => name)).toEqual(['numero', 'ramal', 'chave']);
  const imports = document.paths['/api/importar_discador']?.['get']?.parameters ?? [];
  for (const name of ['identificador10', 'ddd2', 'telefone10', 'telefone_7_discar_em', 'telefone_2_discar_agora', 'chave_seguranca']) expect(imports.map((each) => each.name)).toContain(name);
  expect(imports.filter(({ required }) => required).map(({ name }) => name)).toEqual(['id_campanha', 'telefone1']);
  for (const path of ['trunks', 'routes', 'agents', 'queues', 'campaigns', 'dispositions', 'user-statuses', 'block-lists', 'call-windows']) {
    expect(Object.keys(document.paths[`/v1/${path}`] ?? {}).sort()).toEqual(['get', 'post']);
    expect(Object.keys(document.paths[`/v1/${path}/{id}`] ?? {}).sort()).toEqual(['delete', 'get', 'patch', 'put']);
  }
  expect(document.paths).toHaveProperty('/v1/why');
});

test('commands and live state of the admin API go to the services', async () => {
  const admin = async (method: string, path: string, body?: unknown): Promise<[number, unknown]> => {
    const response = await fetch(url(path), {
      method,
      headers: { 'x-api-key': 'admin-key-of-the-test', ...(body === undefined ? {} : { 'content-type': typeof body === 'string' ? 'text/plain' : 'application/json' }) },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    return [response.status, response.status === 204 ? null : await response.json()];
  };
  stage.answer('dialer.campaign.set-active', ({ campaignId, action }) => ((campaignId as number) === 7 ? { ok: true, active: action === 'activate' } : { ok: false, code: 'unknown-campaign' }));
  expect(await admin('POST', '/v1/campaigns/7/activate')).toEqual([200, { active: true }]);
  expect(await admin('POST', '/v1/campaigns/7/deactivate')).toEqual([200, { active: false }]);
  expect((await admin('POST', '/v1/campaigns/8/activate'))[0]).toBe(404);
  stage.answer('dialer.contacts.import', ({ contacts }) => ({ ok: true, imported: contacts.length - 1, contactIds: [], rejected: [{ index: 1, place: 1, code: 'no-number', reason: 'no' }] }));
  const contact = { parameters: ['1'], phones: [{ number: '33553434' }] };
  expect(await admin('POST', '/v1/campaigns/7/contacts', { contacts: [contact, contact] })).toEqual([200, { imported: 1, contactIds: [], rejected: [{ index: 1, reason: 'no' }] }]);
  expect((await admin('POST', '/v1/campaigns/7/contacts', { contacts: [{ phones: [] }] }))[0]).toBe(400);
  stage.answer('mailing.import', ({ contentBase64, path }) =>
    contentBase64 === undefined
      ? { ok: false, code: 'no-file', detail: path ?? '' }
      : { ok: true, importId: 4, state: 'done', repeated: false, lines: 1, imported: 1, rejected: [{ line: 1, column: 'Telefone 1', reason: Buffer.from(contentBase64, 'base64').toString() }] },
  );
  expect(await admin('POST', '/v1/campaigns/7/import?name=a.csv', 'a;b;11;33553434')).toEqual([
    200,
    { importId: 4, state: 'done', repeated: false, lines: 1, imported: 1, rejected: [{ line: 1, column: 'Telefone 1', reason: 'a;b;11;33553434' }] },
  ]);
  expect(await admin('POST', '/v1/campaigns/7/import', { path: '/none' })).toEqual([404, { error: 'no-file', detail: '/none' }]);
  const listed = {
    importId: 4, campaignId: 7 as never, name: 'a.csv', state: 'running', reason: null, percent: 40, linesPerSecond: 3_000, lines: 400, imported: 399, rejected: 1,
    resumed: 1, begunAt: 1, endedAt: null,
  } as const;
  stage.answer('mailing.imports', ({ importId }) => ({ imports: importId === null || importId === 4 ? [listed] : [] }));
  stage.answer('mailing.rejected', { rejected: [{ line: 3, column: 'DDD 2', reason: 'no' }] });
  expect(await admin('GET', '/v1/imports')).toEqual([200, { imports: [listed] }]);
  expect(await admin('GET', '/v1/imports/4')).toEqual([200, { ...listed, rejectedLines: [{ line: 3, column: 'DDD 2', reason: 'no' }] }]);
  expect((await admin('GET', '/v1/imports/5'))[0]).toBe(404);
  stage.answer('dialer.why', ({ number }) => ({ phone: number, found: [] }));
  expect(await admin('GET', '/v1/why?phone=33553434')).toEqual([200, { phone: '33553434', found: [] }]);
  expect((await admin('GET', '/v1/why'))[0]).toBe(400);
  stage.answer('dialer.status', { campaigns: [] });
  expect(await admin('GET', '/v1/status')).toEqual([200, { campaigns: [] }]);
  expect((await admin('GET', '/v1/campaigns/9/status'))[0]).toBe(404);
  expect(await admin('GET', '/v1/live/trunks')).toEqual([200, { trunks: [] }]);
  expect((await admin('GET', '/v1/projector'))[0]).toBe(503);
});

test('facts from outside are stored and tailed, secrets are not', async () => {
  const headers = { 'x-api-key': 'admin-key-of-the-test', 'content-type': 'application/json' };
  const post = (path: string, body: unknown) => fetch(url(path), { method: 'POST', headers, body: JSON.stringify(body) });
  expect((await post('/v1/facts/sms', { from: '11999998888', text: 'SIM', at: 5 })).status).toBe(201);
  expect((await post('/v1/facts/ivr-steps', { callId: '1.1', ivrId: 1, ivrName: 'a', command: 'b' })).status).toBe(201);
  expect((await post('/v1/facts/survey-answers', { callId: '1.1', survey: 's', question: 'q', answer: 'a' })).status).toBe(201);
  await stage.context.events.append({
    streamId: 'directory-agent-1',
    expectedVersion: 'any',
    events: [{ type: 'DirectoryEntryPut', at: 0, data: { kind: 'agent', id: 1, entry: { name: 'Ana', password: 'never-told' }, by: { kind: 'admin' } } }],
  });
  const tail = await (await fetch(url('/v1/events?types=SmsReceived,IvrStepTaken,SurveyAnswered,DirectoryEntryPut'), { headers })).text();
  expect(tail).not.toContain('never-told');
  const { events, after } = JSON.parse(tail) as { events: { type: string; data: Record<string, unknown> }[]; after: string };
  expect(events.map(({ type }) => type)).toEqual(['SmsReceived', 'IvrStepTaken', 'SurveyAnswered', 'DirectoryEntryPut']);
  expect(events[0]?.data).toEqual({ from: '11999998888', text: 'SIM' });
  expect(await (await fetch(url(`/v1/events?after=${after}&types=SmsReceived`), { headers })).json()).toEqual({ after, events: [] });
});

test('health and metrics tell of the parts', async () => {
  const health = (await (await fetch(url('/health'))).json()) as { parts: { part: string }[] };
  expect(health.parts.map(({ part }) => part)).toContain('Armazenamento de Eventos');
  expect(await (await fetch(url('/metrics'))).text()).toMatch(/ritmo_http_seconds_count/);
});
