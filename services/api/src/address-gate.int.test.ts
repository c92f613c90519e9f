import { createStage, type Stage } from '@ritmo/contract/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createApiApp, type ApiApp } from './app.ts';

let stage: Stage;
let app: ApiApp;
beforeAll(async () => {
  stage = await createStage();
  stage.put('settings', { id: 1 });
  app = createApiApp(stage.context, { port: 0, adminKey: 'admin-key-of-the-test' });
  await app.start();
});
afterAll(async () => {
  await app.stop();
  await stage.close();
});

const paths = ['/api', '/api/campanhas', '/health', '/metrics', '/v1/openapi.json', '/v1/agents'] as const;
const statuses = async (): Promise<readonly number[]> =>
  Promise.all(paths.map(async (path) => (await fetch(`http://127.0.0.1:${app.port()}${path}`, { headers: { 'x-api-key': 'admin-key-of-the-test' } })).status));

test('without a list every route answers', async () => {
  expect(await statuses()).toEqual(paths.map(() => 200));
});

test('a list of other addresses leaves loopback in', async () => {
  stage.put('settings', { id: 1, httpAllow: ['10.0.0.0/8'] });
  expect(await statuses()).toEqual(paths.map(() => 200));
});

test('an address that is taken away is refused on every route of the port, health, metrics and the OpenAPI document included', async () => {
  stage.put('settings', { id: 1, httpAllow: ['10.0.0.0/8', '!127.0.0.1'] });
  expect(await statuses()).toEqual(paths.map(() => 403));
  const health = await fetch(`http://127.0.0.1:${app.port()}/health`);
  expect(await health.json()).toEqual({ error: 'forbidden', detail: 'this address is not on the list httpAllow' });
  stage.put('settings', { id: 1 });
  expect(await statuses()).toEqual(paths.map(() => 200));
});
