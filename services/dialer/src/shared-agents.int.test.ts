import { asId, type CampaignId } from '@ritmo/domain';
import { expect, it } from 'vitest';
import { contactsToImport, entry, until } from './testing/rig.ts';
import { by, carrier, importContacts, rig, start } from './testing/stage.ts';

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
