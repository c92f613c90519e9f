import { asId, type CampaignId } from '@ritmo/domain';
import { expect, it } from 'vitest';
import { contactsToImport } from './testing/rig.ts';
import { by, campaignId, factsOf, importContacts, indexed, rig, start } from './testing/stage.ts';
import { findByParameter } from './parameters.ts';

it('finds a contact by any parameter, its present value, over an index and whatever its length', async () => {
  await start({ answer: () => ({ kind: 'busy' }), campaign: { active: false, parameters: ['a', 'b', 'c', 'd'] } });
  const long = 'x'.repeat(9_000);
  await importContacts(contactsToImport(40).map((contact, index) => ({ ...contact, parameters: [index === 7 ? long : `one ${index}`, `two ${index}`, `three ${index}`, index % 2 === 0 ? '' : `${long}${index}`] })));
  await indexed();
  const idOf = async (index: number, value: string, campaign = 1) => (await findByParameter(rig.database, campaign, index, value)).map(({ contactId }) => contactId);
  const third = await idOf(3, 'three 5');
  expect(third).toHaveLength(1);
  expect(await idOf(1, 'one 5')).toEqual(third);
  expect(await idOf(4, `${long}5`)).toEqual(third);
  expect(await idOf(4, `${long}6`)).toEqual([]);
  expect(await idOf(1, long)).toHaveLength(1);
  expect(await idOf(3, 'three 5', 2)).toEqual([]);
  expect(await rig.bus.request('dialer.contact.change', { campaignId: asId<CampaignId>(campaignId), parameterIndex: 3, value: 'three 5', newParameterIndex: 3, newValue: 'new', by })).toEqual({ ok: true, changed: 1 });
  expect(await factsOf('ContactParameterChanged')).toHaveLength(1);
  await indexed();
  expect([await idOf(3, 'three 5'), await idOf(3, 'new')]).toEqual([[], third]);
  const plan = await rig.database.tx(async (session) => {
    await session.query('SET LOCAL enable_seqscan = off');
    return (await session.query<Record<string, string>>(`EXPLAIN SELECT contact_id FROM dialer.parameters WHERE left(value, 200) = left('new', 200) AND value = 'new' AND index = 3`)).rows;
  });
  expect(JSON.stringify(plan)).toContain('parameters_value');
});
