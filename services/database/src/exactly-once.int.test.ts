/** Rows of the command tables are carried out once: over a death, an absence and beside another process; and go when the manual lets them go. */
import { eventually } from '@ritmo/contract/testing';
import { asId, fact, streams, type CampaignId } from '@ritmo/domain';
import { beforeEach, expect, test } from 'vitest';
import { db, onADatabase, settled, stage } from './database-rig.test-support.ts';
import { removeExpired } from './retention.ts';

const facade = onADatabase({
  session: true,
  settleMs: 0,
  prepare: (made) => {
    for (const id of [20, 21]) made.put('campaign', { id, name: `Campanha ${id}`, queueId: 1, parameters: ['1', '2', '3'], maxPhones: 5 });
  },
});
beforeEach(async () => {
  await settled();
  stage.asked.length = 0;
});

const claimedByTheDead = "UPDATE database.pending SET attempts = 1, claimed_by = 2000000000, claimed_at = now() - interval '1 minute'";

test('a toggle that took effect before the process died is not done again, one that did not is', async () => {
  await facade.replaced(async () => {
    await facade.integrator.query('INSERT INTO gerenciar_campanhas (campanha_id) VALUES (20), (21)');
    await db.database.query(claimedByTheDead);
    const { rows } = await facade.integrator.query<{ id: string }>('SELECT id FROM gerenciar_campanhas WHERE campanha_id = 20');
    const activated = fact('CampaignActivated', 0, { campaignId: asId<CampaignId>(20), by: { kind: 'sql', id: `gerenciar_campanhas#${rows[0]?.id}` } });
    await stage.context.events.append({ streamId: streams.campaign(asId<CampaignId>(20)), expectedVersion: 'any', events: [{ type: activated.type, data: activated.data as never, at: 0 }] });
    stage.answer('dialer.campaign.set-active', { ok: true, active: true });
    stage.asked.length = 0;
  });
  await settled();
  expect(stage.asked.filter(({ subject }) => subject === 'dialer.campaign.set-active').map(({ request }) => request)).toMatchObject([{ campaignId: 21 }]);
});

test('a service that is away is waited for, and asked once when it is back', async () => {
  let away = true;
  let asked = 0;
  stage.answer('acd.agent.set-status', () => {
    asked += 1;
    if (away) throw new Error('away');
    return { ok: true };
  });
  await facade.integrator.query("INSERT INTO set_status_ramal (ramal,id_status) VALUES ('40018',52)");
  await eventually(() => asked === 1);
  away = false;
  await settled();
  expect(asked).toBe(2);
});

test('a row is taken by one of two executors', async () => {
  const second = facade.another();
  await second.start();
  stage.answer('acd.agent.set-status', { ok: true });
  stage.asked.length = 0;
  await facade.integrator.query("INSERT INTO set_status_ramal (ramal,id_status) SELECT (50000 + n)::text, 52 FROM generate_series(1, 300) n");
  await settled();
  await second.stop();
  const asked = stage.asked.filter(({ subject }) => subject === 'acd.agent.set-status').map(({ request }) => (request as { extension: string }).extension);
  expect([...asked].sort()).toEqual(Array.from({ length: 300 }, (_, index) => String(50001 + index)));
});

test('rows that are older than the manual keeps them go', async () => {
  stage.answer('dialer.phone.exclude', { ok: false, code: 'not-found' });
  await db.database.query(`
    INSERT INTO public.excluir_telefone_campanha (id_telefone, executado, data) VALUES (1, true, localtimestamp - interval '8 days'), (2, true, localtimestamp - interval '6 days');
    INSERT INTO public.inserir_telefone_black_list (telefone, criado_em) VALUES ('1', localtimestamp - interval '3 days'), ('2', localtimestamp - interval '1 day');
    INSERT INTO public.importar_discador (identificador1, criado_em) VALUES ('old', localtimestamp - interval '36 days'), ('new', localtimestamp - interval '34 days');
    DELETE FROM database.pending`);
  await removeExpired(stage.context);
  expect((await facade.integrator.query('SELECT id_telefone FROM excluir_telefone_campanha')).rows).toEqual([{ id_telefone: 2 }]);
  expect((await facade.integrator.query('SELECT telefone FROM inserir_telefone_black_list')).rows).toEqual([{ telefone: '2' }]);
  expect((await facade.integrator.query('SELECT identificador1 FROM importar_discador')).rows).toEqual([{ identificador1: 'new' }]);
});
