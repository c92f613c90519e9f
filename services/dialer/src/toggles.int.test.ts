import { asId, type CampaignId } from '@ritmo/domain';
import { afterEach, expect, it } from 'vitest';
import { startRig, type Rig } from './testing/rig.ts';

const campaignId = asId<CampaignId>(1);
const by = { kind: 'admin' } as const;
let rig: Rig;
afterEach(() => rig.close());

const toggle = () => rig.bus.request('dialer.campaign.set-active', { campaignId, action: 'toggle', by });
const changes = async (): Promise<string[]> =>
  (await rig.context.events.readAll({ limit: 1_000, types: ['CampaignActivated', 'CampaignDeactivated'] })).map(({ type }) => type.replace('Campaign', ''));

it('toggles of a campaign that this process does not run alternate, however soon one follows the other', async () => {
  rig = await startRig();
  await rig.another({ mayRun: () => false }).start();
  const replies = [];
  for (let count = 0; count < 6; count += 1) replies.push(await toggle());
  const wentOn = replies.map((reply) => reply.ok && reply.active);
  expect(wentOn.slice(1)).toEqual(wentOn.slice(0, -1).map((active) => !active));
  expect(await changes()).toEqual(wentOn.map((active) => (active ? 'Activated' : 'Deactivated')));
});

it('toggles that come at once take effect one after the other', async () => {
  rig = await startRig();
  await rig.another().start();
  const replies = await Promise.all(Array.from({ length: 6 }, toggle));
  expect(replies.filter((reply) => reply.ok && reply.active)).toHaveLength(3);
  expect(await changes()).toHaveLength(6);
});
