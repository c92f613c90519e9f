import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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

const url = (path: string): string => `http://127.0.0.1:${app.port()}${path}`;

test('the list page names every function with its syntax', async () => {
  const response = await fetch(url('/api'));
  const text = await response.text();
  expect(response.headers.get('content-type')).toBe('text/plain; charset=utf-8');
  expect(text.match(/^ {2}api\//gm)?.length).toBeGreaterThanOrEqual(28);
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
