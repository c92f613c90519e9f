import { createStage } from '@ritmo/contract/testing';
import { expect, test } from 'vitest';
import { createApiApp } from './app.ts';

test('a console acts in the name of an extension; what is none of a user counts as its address', async () => {
  const stage = await createStage();
  stage.put('settings', { id: 1 });
  stage.put('agent', { id: 1, name: 'Ana', extension: '4001', password: 'segredo' });
  stage.answer('dialer.campaign.set-active', { ok: true, active: true });
  const app = createApiApp(stage.context, { port: 0, adminKey: 'admin-key-of-the-test' });
  await app.start();
  try {
    for (const extension of [{ 'x-extension': '4001' }, { 'x-extension': '4999' }, {}]) {
      const headers = { 'x-api-key': 'admin-key-of-the-test', ...extension };
      expect((await fetch(`http://127.0.0.1:${app.port()}/v1/campaigns/7/activate`, { method: 'POST', headers: headers as Record<string, string> })).status).toBe(200);
    }
    const actors = stage.asked.filter(({ subject }) => subject === 'dialer.campaign.set-active').map(({ request }) => (request as { by: unknown }).by);
    expect(actors).toEqual([{ kind: 'admin', id: '4001' }, { kind: 'admin', id: '127.0.0.1' }, { kind: 'admin', id: '127.0.0.1' }]);
  } finally {
    await app.stop();
    await stage.close();
  }
});
