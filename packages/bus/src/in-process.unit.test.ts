import { fact, asId, type CampaignId } from '@ritmo/domain';
import { expect, it } from 'vitest';
import { busContract } from './contract.ts';
import { createInProcessBus } from './in-process.ts';

busContract('the in-process bus', async () => {
  const bus = createInProcessBus();
  return { one: bus, other: bus, settled: async () => undefined, close: () => bus.close() };
});

it('delivers before timers and sockets have their turn', async () => {
  const bus = createInProcessBus();
  const order: string[] = [];
  bus.subscribe('fact.CampaignActivated', () => void order.push('message'));
  setImmediate(() => order.push('immediate'));
  bus.publish('fact.CampaignActivated', fact('CampaignActivated', 1, { campaignId: asId<CampaignId>(1), by: { kind: 'system' } }));
  await new Promise((resolve) => setImmediate(resolve));
  expect(order).toEqual(['message', 'immediate']);
  await bus.close();
});

it('finds the receiver that changes a message', async () => {
  const bus = createInProcessBus();
  const event = fact('CampaignActivated', 1, { campaignId: asId<CampaignId>(1), by: { kind: 'system' } });
  bus.publish('fact.CampaignActivated', event);
  expect(Object.isFrozen(event.data.by)).toBe(true);
  await bus.close();
});
