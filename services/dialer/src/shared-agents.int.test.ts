import { asId, type CampaignId } from '@ritmo/domain';
import { describe, expect, it } from 'vitest';
import { contactsToImport, entry, until } from './testing/rig.ts';
import { by, carrier, factsOf, importContacts, indexed, rig, start } from './testing/stage.ts';

it('two campaigns with the same agents count them once and both get on', async () => {
  await start({ answer: () => ({ kind: 'no-answer' }), agents: 4, ringMs: 150 });
  rig.put('campaign', 2, entry('campaign', { id: 2, name: 'second', queueId: 1, mode: 'progressive', active: true }));
  await until('the second campaign is known', () => rig.context.directory.get('campaign', 2) !== undefined);
  await importContacts(contactsToImport(20));
  await rig.bus.request('dialer.contacts.import', { campaignId: asId<CampaignId>(2), contacts: contactsToImport(20, 1, 500), source: 'test', by });
  await until('all dialed', () => carrier.invites.length === 40, 20_000);
  // Progressive: one line per free agent, whichever campaign it belongs to.
  expect(carrier.mostAtOnce).toBeLessThanOrEqual(4);
  const first = carrier.invites.slice(0, 24).filter((invite) => invite.campaignId === 1).length;
  expect(first).toBeGreaterThan(0);
  expect(first).toBeLessThan(20);
});

describe('two dialers over one bus, each with a campaign of the same agents', () => {
  const [first, second] = [asId<CampaignId>(1), asId<CampaignId>(2)];
  const lists = async (length: number): Promise<void> => {
    await importContacts(contactsToImport(length));
    await rig.bus.request('dialer.contacts.import', { campaignId: second, contacts: contactsToImport(length, 1, 500), source: 'test', by });
    await indexed();
    // Both lists are there before either begins, so that neither is through before the other one knows its own.
    for (const id of [first, second]) await rig.bus.request('dialer.campaign.set-active', { campaignId: id, action: 'activate', by });
  };
  const startBoth = async (mode: 'progressive' | 'predictive') => {
    await start({ answer: () => ({ kind: 'no-answer' }), agents: 4, ringMs: 150, startDialer: false, campaign: { mode, active: false }, dialer: { pacingSampleMs: 100 } });
    rig.put('campaign', 2, entry('campaign', { id: 2, name: 'second', queueId: 1, mode, active: false }));
    await until('the second campaign is known', () => rig.context.directory.get('campaign', 2) !== undefined);
    const dialers = [rig.another({ mayRun: (id) => id === first }), rig.another({ mayRun: (id) => id === second })] as const;
    for (const dialer of dialers) await dialer.start();
    return dialers;
  };

  it('count them once and both get on', async () => {
    await startBoth('progressive');
    await lists(60);
    await until('all dialed', () => carrier.invites.length === 120, 40_000);
    expect(carrier.mostAtOnce).toBeLessThanOrEqual(4);
    const ofFirst = carrier.invites.slice(0, 60).filter((invite) => invite.campaignId === 1).length;
    expect(ofFirst).toBeGreaterThan(0);
    expect(ofFirst).toBeLessThan(60);
  });

  it('have a share each, and all of them again when the other one is gone', async () => {
    const [, other] = await startBoth('predictive');
    const shares = async (): Promise<number[]> => (await factsOf('PacingDecided')).filter(({ data }) => data.campaignId === first).map(({ data }) => data.inputs['share'] ?? 1);
    await lists(2_000);
    await until('a half', async () => (await shares()).includes(0.5), 20_000);
    await other.stop();
    await until('all of them', async () => (await shares()).at(-1) === 1, 20_000);
  });
});
