/** The rows of ligacoes_ativo and ligacoes_receptivo (manual 1.3.1.4, 1.3.1.5), and of usuarios, out of calls over the wire: answered, unanswered, busy, between extensions. */
import { asExtension, type CallId } from '@ritmo/domain';
import { createProjectorApp, type ProjectorApp } from '@ritmo/svc-projector';
import { waitFor } from '@ritmo/testing';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { House, over, queueNumber, up } from './test/house.ts';

type Row = Record<string, unknown>;

let house: House;
let projector: ProjectorApp;

beforeAll(async () => {
  house = await House.open();
  const { rig } = house;
  // The carrier wants a prefix, which is no part of the number; it asks for calls that come in from mobiles too.
  rig.put('trunk', { id: 1, name: 'carrier', host: '127.0.0.1', port: house.carrier.port, dialFormat: '0{areaCode}{number}', inboundRates: [{ kind: 'interurban-mobile', perMinute: 1.2, firstBlockS: 60, stepS: 60 }] });
  rig.put('route', { id: 1, name: 'Todas', trunks: [1], homeAreaCode: '11', branch: 'Santos', rates: [{ kind: 'mobile', perMinute: 0.6, firstBlockS: 30, stepS: 6 }] });
  projector = createProjectorApp(rig.context);
  await projector.start();
  rig.also(projector);
});
afterAll(() => house.close());
beforeEach(() => house.begin());
afterEach(() => house.isEmpty());

const rowsOf = async (sql: string): Promise<readonly Row[]> => (await house.rig.context.database.query<Row>(sql)).rows;
const rowOf = (view: 'ligacoes_ativo' | 'ligacoes_receptivo', callId: CallId): Promise<Row> =>
  waitFor(async () => (await rowsOf(`SELECT * FROM ${view} WHERE uniqueid = '${callId}'`))[0], { what: `the row of ${callId}`, timeoutMs: 10_000 });
/** The call that ended last, and its row. */
async function endedRow(view: 'ligacoes_ativo' | 'ligacoes_receptivo'): Promise<Row> {
  const { callId } = await house.rig.fact('CallEnded');
  return rowOf(view, callId);
}
const userOf = async (id: number): Promise<Row | undefined> =>
  (await rowsOf(`SELECT tipo_da_ligacao, uniqueid, telefone, telefone_origem, id_campanha FROM usuarios WHERE id = ${id}`))[0];
/** What usuarios shows once it shows a call. */
const inCall = (id: number): Promise<Row> =>
  waitFor(async () => {
    const row = await userOf(id);
    return row?.['uniqueid'] === null ? undefined : row;
  }, { what: `agent ${id} in a call`, timeoutMs: 10_000 });
const outOfCall = (id: number): Promise<unknown> => waitFor(async () => (await userOf(id))?.['uniqueid'] === null, { what: `agent ${id} out of calls`, timeoutMs: 10_000 });

const unanswered = { billing: 0, billing_arredondado: 0, custo_total: 0, custo_arrendado: 0, custo_arredondado: 0 };
const ana = { destino: '11987654321', ramal: '1001', tipo_ligacao: 'celular local', custo: 0.6, filiai: 'Santos', filial: 'Santos', id_campanha: null, id_rota: 1, nome_rota: 'Todas' };

describe('a call of an extension to the world', () => {
  test.each([
    ['busy', 486, 'BUSY'],
    ['not answered', 480, 'NO ANSWER'],
    ['a number that does not exist', 404, 'NO ANSWER'],
  ])('%s', async (_what, code, status) => {
    const caller = await house.dial(house.ana, '987654321', '1001');
    const number = await house.carrier.invite();
    expect(number.incoming?.toUser).toBe('011987654321');
    expect(await inCall(1)).toMatchObject({ tipo_da_ligacao: 'A', telefone: '11987654321', telefone_origem: null });
    number.reject(code);
    await over(caller, 'the refusal');
    const row = await endedRow('ligacoes_ativo');
    expect(row).toEqual({ ...ana, ...unanswered, id: expect.any(Number), status, duracao: expect.any(Number), data: expect.any(String), uniqueid: expect.any(String), desligamento_solicitado: false });
    await outOfCall(1);
  });

  test('given up by the agent, while it rings', async () => {
    const caller = await house.dial(house.ana, '987654321', '1001');
    const number = await house.carrier.invite();
    number.ring();
    await waitFor(() => caller.provisionals.includes(180), { what: '180' });
    caller.outgoing?.cancel();
    await over(number, 'CANCEL');
    expect(await endedRow('ligacoes_ativo')).toMatchObject({ ...ana, ...unanswered, status: 'NO ANSWER', desligamento_solicitado: true });
  });

  test('by discar: neither DATA nor DURACAO has the time in which the own extension rang', async () => {
    const asked = Date.now();
    expect(await house.rig.bus.request('acd.dial', { extension: asExtension('1001'), number: '11987654321', by: { kind: 'http' } })).toMatchObject({ ok: true });
    const extension = await house.ana.invite();
    extension.ring();
    await waitFor(() => Date.now() > asked + 2_500, { what: 'the extension to ring a while', timeoutMs: 5_000 });
    // Its display has the number, not what the carrier is sent; and the carrier hears of nothing yet (manual 1.1.20).
    expect(extension.incoming?.fromUser).toBe('11987654321');
    expect(house.carrier.calls).toHaveLength(0);
    await extension.answer();
    const number = await house.carrier.invite();
    await number.answer();
    const { callId } = await house.rig.fact('CallAnswered');
    expect(await house.rig.fact('CallPlaced', callId)).toMatchObject({ agentId: 1 });
    number.bye();
    await over(extension, 'BYE');
    const { ringMs, billMs } = await house.rig.fact('CallEnded', callId);
    const at = (type: string): number => house.rig.facts.find((event) => event.type === type)?.at ?? 0;
    expect(Math.abs(at('CallAnswered') - at('CallPlaced') - ringMs)).toBeLessThan(200);
    expect(at('CallPlaced')).toBeGreaterThan(asked + 2_400);
    const row = await rowOf('ligacoes_ativo', callId);
    expect(row).toMatchObject({ ...ana, status: 'ANSWERED', billing: Math.max(1, Math.round(billMs / 1_000)), billing_arredondado: 30, custo_arredondado: 0.3, desligamento_solicitado: false });
    expect(Number(row['duracao'])).toBe(Math.max(Number(row['billing']), Math.round((ringMs + billMs) / 1_000)));
  });
});

describe('a call of a campaign', () => {
  test.each([['busy', 486, 'BUSY'], ['not answered', 480, 'NO ANSWER']])('%s has its campaign and route, and no extension', async (_what, code, status) => {
    const callId = await house.rig.originate('011987654321');
    (await house.carrier.invite()).reject(code);
    expect(await rowOf('ligacoes_ativo', callId)).toMatchObject({ ...ana, ...unanswered, ramal: null, id_campanha: 7, status, desligamento_solicitado: false });
  });

  test('that the agent ends has the agent\'s extension and says so', async () => {
    const callId = await house.rig.originate('011987654321');
    const customer = await house.carrier.invite();
    await customer.answer();
    const agent = await house.ana.invite();
    await agent.answer();
    expect(await inCall(1)).toEqual({ tipo_da_ligacao: 'D', uniqueid: callId, telefone: '11987654321', telefone_origem: null, id_campanha: 7 });
    agent.bye();
    await over(customer, 'BYE');
    expect(await rowOf('ligacoes_ativo', callId)).toMatchObject({ ...ana, id_campanha: 7, status: 'ANSWERED', billing_arredondado: 30, desligamento_solicitado: true });
    await outOfCall(1);
  });
});

describe('a call between extensions', () => {
  const internal = { destino: '1002', ramal: '1001', tipo_ligacao: 'interna', custo: 0, custo_total: 0, custo_arrendado: 0, custo_arredondado: 0, filiai: null, filial: null, id_campanha: null, id_rota: null, nome_rota: null };

  test('is one row, of who called; both are shown in it', async () => {
    const { callId, caller, called } = await house.anaTalksWithRui();
    expect(await house.rig.fact('CallPlaced', callId)).toMatchObject({ agentId: 1 });
    expect(await inCall(1)).toEqual({ tipo_da_ligacao: 'A', uniqueid: callId, telefone: '1002', telefone_origem: null, id_campanha: null });
    expect(await inCall(2)).toEqual({ tipo_da_ligacao: 'R', uniqueid: callId, telefone: null, telefone_origem: 1001, id_campanha: null });
    caller.bye();
    await over(called, 'BYE');
    const row = await rowOf('ligacoes_ativo', callId);
    expect(row).toEqual({ ...internal, id: expect.any(Number), status: 'ANSWERED', duracao: expect.any(Number), billing: expect.any(Number), billing_arredondado: row['billing'], data: expect.any(String), uniqueid: callId, desligamento_solicitado: true });
    expect(await rowsOf(`SELECT * FROM ligacoes_receptivo WHERE uniqueid = '${callId}'`)).toEqual([]);
    await Promise.all([outOfCall(1), outOfCall(2)]);
  });

  test.each([['busy', 486, 'BUSY'], ['refused', 603, 'NO ANSWER']])('%s', async (_what, code, status) => {
    const caller = await house.dial(house.ana, '1002', '1001');
    (await house.rui.invite()).reject(code);
    await over(caller, 'the refusal');
    expect(await endedRow('ligacoes_ativo')).toMatchObject({ ...internal, ...unanswered, status, desligamento_solicitado: true });
  });

  test('to a colleague who talks is busy, to one whose phone is not there is not answered', async () => {
    const { caller, called } = await house.anaTalksWithRui();
    const third = await house.dial(house.eva, '1002', '1003');
    await over(third, '486');
    expect(await endedRow('ligacoes_ativo')).toMatchObject({ ...internal, ...unanswered, ramal: '1003', status: 'BUSY' });
    house.rig.facts.length = 0;
    const fourth = await house.dial(house.eva, '1004', '1003');
    await over(fourth, '480');
    expect(await endedRow('ligacoes_ativo')).toMatchObject({ ...internal, ...unanswered, ramal: '1003', destino: '1004', status: 'NO ANSWER' });
    await outOfCall(3);
    caller.bye();
    await over(called, 'BYE');
  });

  test('given up while it rings', async () => {
    const caller = await house.dial(house.ana, '1002', '1001');
    const called = await house.rui.invite();
    called.ring();
    await waitFor(() => caller.provisionals.includes(180), { what: '180' });
    caller.outgoing?.cancel();
    await over(called, 'CANCEL');
    expect(await endedRow('ligacoes_ativo')).toMatchObject({ ...internal, ...unanswered, status: 'NO ANSWER', desligamento_solicitado: true });
  });

  test('to a queue names the queue\'s number', async () => {
    const caller = await house.dial(house.ana, queueNumber, '1001');
    await up(caller);
    const called = await house.eva.invite();
    await called.answer();
    await house.rig.fact('CallDelivered');
    expect(await inCall(3)).toMatchObject({ tipo_da_ligacao: 'R', telefone_origem: 1001 });
    called.bye();
    await over(caller, 'BYE');
    expect(await endedRow('ligacoes_ativo')).toMatchObject({ ...internal, destino: queueNumber, status: 'ANSWERED', desligamento_solicitado: true });
  });
});

describe('a call from outside', () => {
  const inbound = { origem: '21999990001', destino: queueNumber, tipo_ligacao: 'celular interurbano', custo: 1.2 };
  const call = (to: string, from: string) => house.carrier.dial(house.rig.port, to, from);

  test('that an agent answers and who called ends', async () => {
    const caller = await call(queueNumber, '21999990001');
    await up(caller);
    const agent = await house.eva.invite();
    await agent.answer();
    const { callId } = await house.rig.fact('CallDelivered');
    expect(await inCall(3)).toEqual({ tipo_da_ligacao: 'R', uniqueid: callId, telefone: null, telefone_origem: 21999990001, id_campanha: null });
    caller.bye();
    await over(agent, 'BYE');
    const row = await rowOf('ligacoes_receptivo', callId);
    expect(row).toEqual({
      ...inbound, id: expect.any(Number), status: 'ANSWERED', ramal: '1003', duracao: expect.any(Number), billing: expect.any(Number), data: expect.any(String), uniqueid: callId,
      custo_total: expect.closeTo((1.2 * Number(row['billing'])) / 60, 3), desligamento_solicitado: false,
    });
    expect(await rowsOf(`SELECT * FROM ligacoes_ativo WHERE uniqueid = '${callId}'`)).toEqual([]);
    await outOfCall(3);
  });

  test('that waits in vain was answered, by no extension', async () => {
    await house.pause('1003', true);
    const caller = await call(queueNumber, '21999990001');
    await up(caller);
    await waitFor(() => house.acd.occupied().waiting === 1, { what: 'it to wait' });
    caller.bye();
    expect(await endedRow('ligacoes_receptivo')).toMatchObject({ ...inbound, status: 'ANSWERED', ramal: null, desligamento_solicitado: false });
    await house.pause('1003', false);
    await waitFor(async () => (await house.agent(3))?.state === 'free', { what: 'Eva back from her pause' });
  });

  test('that finds no free channel is busy', async () => {
    const { rig } = house;
    const trunk = { id: 1, name: 'carrier', host: '127.0.0.1', port: house.carrier.port };
    const limit = async (channels: number): Promise<void> => {
      rig.put('trunk', { ...trunk, channels });
      await waitFor(async () => (await rig.bus.request('telephony.trunks', {})).trunks[0]?.channelLimit === channels, { what: `${channels} channels` });
    };
    await limit(1);
    const first = await call(queueNumber, '21999990001');
    await up(first);
    house.rig.facts.length = 0;
    const second = await call(queueNumber, '21999990002');
    await over(second, '486');
    expect(second.failed).toMatchObject({ sipCode: 486 });
    expect(await endedRow('ligacoes_receptivo')).toMatchObject({ origem: '21999990002', destino: queueNumber, status: 'BUSY', duracao: 0, billing: 0, ramal: null, desligamento_solicitado: false });
    first.bye();
    await limit(30);
  });

  test('to a number that nobody has is not answered; who hides its number has none', async () => {
    const caller = await call('1140049999', 'anonymous');
    await over(caller, '404');
    expect(await endedRow('ligacoes_receptivo')).toMatchObject({ origem: null, destino: '1140049999', status: 'NO ANSWER', ramal: null, billing: 0, custo: 0, custo_total: 0, tipo_ligacao: 'outros' });
  });
});
