import { createStage, eventually } from '@ritmo/contract/testing';
import { streams } from '@ritmo/domain';
import type { PartHealth } from '@ritmo/service-kit';
import { expect, test } from 'vitest';
import { createServerHealth } from './server-health.ts';

test('a part is told again when it changes, and at least every three minutes when it does not (1.1.17)', async () => {
  const stage = await createStage();
  const begun = 1_000_000;
  stage.setNow(begun);
  let looks = 0;
  let state: PartHealth = { status: 'OK', detail: '' };
  stage.context.health.register('Parte', () => {
    looks += 1;
    return state;
  });
  const health = createServerHealth(stage.context, { everyMs: 5 });
  health.start();
  const told = async (): Promise<readonly unknown[]> =>
    (await stage.context.events.readStream(streams.system)).filter(({ data }) => data['part'] === 'Parte').map(({ at, data }) => [at - begun, data['status'], data['detail']]);
  const looked = (): Promise<unknown> => {
    const from = looks;
    return eventually(() => looks > from + 3);
  };
  await eventually(async () => (await told()).length === 1);
  stage.setNow(begun + 120_000);
  await looked();
  expect(await told()).toEqual([[0, 'OK', '']]);
  stage.setNow(begun + 180_000);
  await eventually(async () => (await told()).length === 2);
  state = { status: 'WARNING', detail: 'Particao /backup 84%' };
  await eventually(async () => (await told()).length === 3);
  await looked();
  expect(await told()).toEqual([[0, 'OK', ''], [180_000, 'OK', ''], [180_000, 'WARNING', 'Particao /backup 84%']]);
  health.stop();
  await stage.close();
});
