/** What integrators are told of real SIP calls, field by field as sections 1.1.23, 1.2.1, 1.3.1.4, 1.3.1.5 and 1.3.1.11 lay it out. */
import { asExtension, asId, type ContactId } from '@ritmo/domain';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { demoCampaignId } from '../src/demo/demo-config.ts';
import { until, WholeSystem } from './whole-system.ts';

const patience = 120_000;
const extension = '2001';
const name = 'Operador 01';
let system: WholeSystem;
let lines: readonly string[];

const api = (call: string): Promise<string> => system.api(call);
const rows = <Row>(sql: string): Promise<readonly Row[]> => system.rows<Row>(sql);
const lineOf = (kind: string, from: number): Promise<string> => until(`a line <${kind}>`, () => lines.slice(from).find((line) => line.startsWith(`<${kind}>`)));
const localDay = (): string => new Intl.DateTimeFormat('sv-SE', { timeZone: 'America/Sao_Paulo' }).format(new Date());

beforeAll(async () => {
  system = await WholeSystem.start({
    name: 'lines', agents: 1, apiKey: 'db39eded0adfd54d1ce03d23dc333787',
    carrier: { seed: 3, mix: { answerDelayMs: { min: 800, max: 900 }, talkMs: { min: 60_000, max: 60_000 }, hangsUpFirstP: 0 } },
    seed: ({ queues, campaigns }) => ({
      routes: [{ id: 1, name: 'Todas', trunks: [1], homeAreaCode: '11', branch: 'Matriz', rates: [{ kind: 'mobile', perMinute: 0.6, firstBlockS: 30, stepS: 6 }] }],
      queues: [{ ...queues?.[0], numbers: ['1140040000'], wrapUpS: 0 }],
      campaigns: [{ ...campaigns?.[0], mode: 'preview' }],
    }),
    phones: { seed: 4, extensions: [extension], answerDelayMs: { min: 300, max: 400 }, talkMs: { min: 4_000, max: 4_500 }, hangsUpP: 1 },
  });
  lines = system.lines();
  await system.ready(1);
  await lineOf('S', 0);
}, patience);

afterAll(() => system.stop(), patience);

interface User {
  readonly tipo_da_ligacao: string | null;
  readonly tipo_de_ligacao: string | null;
  readonly uniqueid: string | null;
  readonly telefone: string | null;
  readonly telefone_origem: unknown;
  readonly id_campanha: number | null;
  readonly parametro1: string | null;
  readonly parametro2: string | null;
}
const user = async (): Promise<User | undefined> =>
  (await rows<User>(`SELECT tipo_da_ligacao, tipo_de_ligacao, uniqueid, telefone, telefone_origem, id_campanha, parametro1, parametro2 FROM usuarios WHERE ramal = '${extension}'`))[0];

const free = (): Promise<unknown> => until('the agent is free', async () => (await api(`status_ramal?ramal=${extension}`)) === `${name};${extension};Livre;Logado;1`);

it('a status of the agent is told as <S>', { timeout: patience }, async () => {
  expect(lines).toEqual([`<S><${extension}><1><Logado>`]);
  const from = lines.length;
  expect(await api(`set_status?ramal=${extension}&status_id=7`)).toBe('STATUS ALTERADO COM SUCESSO');
  expect(await lineOf('S', from)).toBe(`<S><${extension}><7><Feedback>`);
  expect(await api(`status_ramal?ramal=${extension}`)).toBe(`${name};${extension};Livre;Feedback;7`);
  expect(await api(`set_status?ramal=${extension}&status_id=1`)).toBe('STATUS ALTERADO COM SUCESSO');
  await until('the second line', () => lines.includes(`<S><${extension}><1><Logado>`));
});

it('an active call: <A>, status_ramal, usuarios, <H> and the row of ligacoes_ativo', { timeout: patience }, async () => {
  const from = lines.length;
  const number = '11984160601';
  expect(await api(`discar?numero=${number}&ramal=${extension}`)).toBe('DISCANDO');
  const [, uniqueid = ''] = /^<A><2001><11984160601><(\d{10}\.\d+)>$/.exec(await lineOf('A', from)) ?? [];
  expect(uniqueid).not.toBe('');
  const status = await until('status_ramal shows the call', async () => {
    const text = await api(`status_ramal?ramal=${extension}`);
    return text.includes(';Ativa;') && text;
  });
  expect(status).toMatch(new RegExp(`^${name};${extension};Ativa;${number};${uniqueid.replace('.', '\\.')};\\d+\\.\\d{6}$`));
  const during = await until('usuarios shows the call', async () => {
    const row = await user();
    return (row?.tipo_da_ligacao ?? null) !== null && row;
  });
  expect(during).toEqual({ tipo_da_ligacao: 'A', tipo_de_ligacao: 'A', uniqueid, telefone: number, telefone_origem: null, id_campanha: null, parametro1: null, parametro2: null });
  expect(await lineOf('H', from)).toBe(`<H><${extension}><${uniqueid}>`);
  const row = await until('the row', async () => (await rows<Record<string, unknown>>(`SELECT * FROM ligacoes_ativo WHERE uniqueid = '${uniqueid}'`))[0]);
  const billing = Number(row['billing']);
  const billed = 30 + Math.ceil(Math.max(0, billing - 30) / 6) * 6;
  expect(row).toEqual({
    id: expect.any(Number),
    destino: number,
    duracao: expect.any(Number),
    billing: expect.any(Number),
    status: 'ANSWERED',
    ramal: extension,
    data: expect.stringMatching(new RegExp(`^${localDay()}`)),
    tipo_ligacao: 'celular local',
    custo: 0.6,
    custo_total: expect.closeTo((0.6 * billing) / 60, 3),
    custo_arrendado: expect.closeTo((0.6 * billed) / 60, 3),
    custo_arredondado: expect.closeTo((0.6 * billed) / 60, 3),
    billing_arredondado: billed,
    filiai: 'Matriz',
    filial: 'Matriz',
    uniqueid,
    id_campanha: null,
    id_rota: 1,
    nome_rota: 'Todas',
    desligamento_solicitado: true,
  });
  expect(billing).toBeGreaterThan(0);
  expect(Number(row['duracao'])).toBeGreaterThanOrEqual(billing);
  await free();
});

it('a receptive call: <R> without the local area code, status_ramal, usuarios, <H> and the row of ligacoes_receptivo', { timeout: patience }, async () => {
  const from = lines.length;
  const calling = system.carrier.call({ host: '127.0.0.1', port: system.ritmo.ports.sip ?? 0, to: '1140040000', from: '11999990001', talkMs: 60_000 });
  const [, uniqueid = ''] = /^<R><2001><999990001><1140040000><(\d{10}\.\d+)>$/.exec(await lineOf('R', from)) ?? [];
  expect(uniqueid, lines.slice(from).join(' ')).not.toBe('');
  const status = await until('status_ramal shows the call', async () => {
    const text = await api(`status_ramal?id=1`);
    return text.includes(';Receptiva;') && text;
  });
  expect(status).toMatch(new RegExp(`^${name};${extension};Receptiva;11999990001;1140040000;${uniqueid.replace('.', '\\.')};\\d+\\.\\d{6};$`));
  const during = await until('usuarios shows the call', async () => {
    const row = await user();
    return (row?.tipo_da_ligacao ?? null) !== null && row;
  });
  expect({ ...during, telefone_origem: String(during.telefone_origem) }).toEqual({
    tipo_da_ligacao: 'R', tipo_de_ligacao: 'R', uniqueid, telefone: null, telefone_origem: '11999990001', id_campanha: null, parametro1: null, parametro2: null,
  });
  expect(await lineOf('H', from)).toBe(`<H><${extension}><${uniqueid}>`);
  expect(await calling).toMatchObject({ answered: true, endedBy: 'far-end' });
  const row = await until('the row', async () => (await rows<Record<string, unknown>>(`SELECT * FROM ligacoes_receptivo WHERE uniqueid = '${uniqueid}'`))[0]);
  expect(row).toEqual({
    id: expect.any(Number),
    origem: '11999990001',
    destino: '1140040000',
    duracao: expect.any(Number),
    billing: expect.any(Number),
    status: 'ANSWERED',
    ramal: extension,
    data: expect.stringMatching(new RegExp(`^${localDay()}`)),
    tipo_ligacao: 'celular local',
    custo: 0,
    custo_total: 0,
    uniqueid,
    desligamento_solicitado: true,
  });
  expect(lines.slice(from).filter((line) => line.startsWith('<A>'))).toEqual([]);
  await free();
});

it('a preview call: <PREVIEW> when it is offered; once accepted <D>, status_ramal, usuarios and <H>', { timeout: patience }, async () => {
  const from = lines.length;
  const { bus } = system.ritmo.foundations.context;
  const added = await api(`importar_discador?id_campanha=${demoCampaignId}&identificador1=219217305861&identificador2=TESTE&telefone1=984160602&ddd1=11`);
  expect(added).toBe('1 NUMERO(S) IMPORTADO(S) COM SUCESSO');
  expect(await api(`gerenciar_campanha?campanha_id=${demoCampaignId}`)).toBe('CAMPANHA ATIVADA');
  expect(await lineOf('PREVIEW', from)).toBe(`<PREVIEW><${extension}><11984160602><219217305861><TESTE><${demoCampaignId}>`);
  const contact = await until('the row of the contact', async () => (await rows<{ id: number }>('SELECT contact_id AS id FROM views.contacts'))[0]);
  const accepted = await bus.request('dialer.preview.answer', { extension: asExtension(extension), contactId: asId<ContactId>(contact.id), accepted: true });
  expect(accepted).toMatchObject({ ok: true });
  const [, uniqueid = ''] = /^<D><2001><11984160602><219217305861><TESTE><100><(\d{10}\.\d+)>$/.exec(await lineOf('D', from)) ?? [];
  expect(uniqueid, lines.slice(from).join(' ')).not.toBe('');
  const status = await until('status_ramal shows the call', async () => {
    const text = await api(`status_ramal?ramal=${extension}`);
    return text.includes(';Discador;') && text;
  });
  expect(status).toMatch(new RegExp(`^${name};${extension};Discador;100;Vendas Primavera;219217305861;TESTE;${uniqueid.replace('.', '\\.')};11984160602;\\d+\\.\\d{6}$`));
  const during = await until('usuarios shows the call', async () => {
    const row = await user();
    return (row?.tipo_da_ligacao ?? null) !== null && row;
  });
  expect(during).toEqual({ tipo_da_ligacao: 'D', tipo_de_ligacao: 'D', uniqueid, telefone: '11984160602', telefone_origem: null, id_campanha: 100, parametro1: '219217305861', parametro2: 'TESTE' });
  expect(await lineOf('H', from)).toBe(`<H><${extension}><${uniqueid}>`);
});
