/**
 * The commands of section 1.2.2 against the whole system. Every documented line is provoked in services/socket; here the services
 * behind it say what happens, and what was said is done.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { demoCampaignId } from '../src/demo/demo-config.ts';
import { EarlyClock } from './early-clock.ts';
import { until, WholeSystem } from './whole-system.ts';

const patience = 180_000;
const apiKey = 'b405c4d29ca6325ecd99e7f7f37c9bd7';
const clock = new EarlyClock();
let system: WholeSystem;
let lines: readonly string[];

const rows = <Row>(sql: string): Promise<readonly Row[]> => system.rows<Row>(sql);
const called = (): readonly string[] => system.carrier.stats().calls.map(({ number }) => number);
const command = (text: string): Promise<string> => system.command(text);

async function answers(text: string, words: string): Promise<void> {
  expect(await command(text), text).toBe(`${words}\r\n`);
}

async function imported(campaignId: number, parameters: readonly string[], numbers: readonly string[]): Promise<void> {
  const identifiers = parameters.map((value, index) => `identificador${index + 1}=${encodeURIComponent(value)}`).join('&');
  const phones = numbers.map((number, index) => `telefone${index + 1}=${number}&ddd${index + 1}=11`).join('&');
  expect(await system.api(`importar_discador?id_campanha=${campaignId}&${identifiers}&${phones}`)).toBe(`${numbers.length} NUMERO(S) IMPORTADO(S) COM SUCESSO`);
}

/** DDMMYYYYHHMM of the next minute that is at least so far away. */
function minuteIn(atLeastMs: number): { readonly atMs: number; readonly text: string } {
  const atMs = Math.ceil((clock.nowMs() + atLeastMs) / 60_000) * 60_000;
  const format = new Intl.DateTimeFormat('pt-BR', { timeZone: 'America/Sao_Paulo', hourCycle: 'h23', year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit' });
  const part = Object.fromEntries(format.formatToParts(atMs).map(({ type, value }) => [type, value]));
  return { atMs, text: ['day', 'month', 'year', 'hour', 'minute'].map((name) => part[name]).join('') };
}

beforeAll(async () => {
  const more = [
    { id: 3, name: 'Telefone de mesa', extension: '2003', kind: 'hardphone' },
    { id: 4, name: 'Bloqueada', extension: '2004', blocked: true },
    { id: 5, name: 'Sem softphone', extension: '2005', groupId: 7, autoAnswer: true, maxCallbacks: 1, maxCallS: 900, loginOnRegister: false },
  ].map((agent) => ({ password: 'segredo', ...agent }));
  system = await WholeSystem.start({
    name: 'commands', agents: 1, apiKey, clock, mode: 'progressive',
    carrier: {
      seed: 9, mix: { answerDelayMs: { min: 200, max: 300 }, talkMs: { min: 60_000, max: 60_000 }, hangsUpFirstP: 0 },
      rules: ['33553435', '999884466'].map((lastDigits) => ({ lastDigits, behaviour: 'busy' as const })),
    },
    seed: ({ agents = [], queues, dispositions = [], campaigns }) => ({
      agentGroups: [{ id: 7, name: 'Suporte' }],
      agents: [...agents, ...more],
      sharedExtensions: [{ id: 1, extension: '50001', password: 'segredo' }],
      queues: [{ ...queues?.[0], members: [{ agentId: 1 }, { agentId: 5, priority: 3, skill: 2 }], wrapUpS: 0 }],
      dispositions: [...dispositions, { id: 1023, name: 'Reagendar', reschedules: true }, { id: 1093, name: 'Pessoa Errada' }],
      campaigns: [
        { ...campaigns?.[0], parameters: ['Contrato', 'Nome', 'Cidade'], maxPhones: 3, maxCallbacksPerContact: 2, retries: [] },
        { id: 101, name: 'Total IP', queueId: 10 },
      ],
    }),
    phones: { seed: 10, extensions: ['2001'], answerDelayMs: { min: 200, max: 300 }, talkMs: { min: 3_000, max: 3_500 }, hangsUpP: 1 },
  });
  lines = system.lines();
  await system.ready(1);
  await until('its line', () => lines.includes('<S><2001><1><Logado>'));
}, patience);

afterAll(() => system.stop(), patience);

test('1.2.2.1, 1.2.2.8 to 1.2.2.13: statuses, logins and pauses are told on the reading port too', { timeout: patience }, async () => {
  const from = lines.length;
  await answers('<SETSTATUS><2001><7>', 'STATUS ALTERADO COM SUCESSO');
  await answers('<SETSTATUS><2999><1>', 'RAMAL NAO ENCONTRADO');
  await answers('<SETSTATUS><2001><77>', 'STATUS NAO EXISTE');
  // Who is in a pause, whichever it is, stays in it.
  await answers('<SETPAUSE><2001>', 'PAUSA ALTERADA COM SUCESSO');
  await answers('<SETUNPAUSE><2001>', 'PAUSA ALTERADA COM SUCESSO');
  await answers('<SETPAUSE><2001>', 'PAUSA ALTERADA COM SUCESSO');
  await answers('<SETUNPAUSE><2001>', 'PAUSA ALTERADA COM SUCESSO');
  for (const unknown of ['<SETPAUSE><2999>', '<SETUNPAUSE><2999>', '<LOGIN><2999>', '<LOGOUT><2999>']) await answers(unknown, 'RAMAL NAO ENCONTRADO');
  await answers('<LOGOUT><2001>', 'RAMAL DESLOGADO COM SUCESSO');
  await answers('<LOGIN><2001>', 'RAMAL LOGADO COM SUCESSO');
  await answers('<LOGIN><2005>', 'SOFTPHONE NAO ESTA CONECTADO');
  await answers('<LOGIN><2004>', 'RAMAL ESTA BLOQUEADO');
  await answers('<LOGINHARDPHONE><2003>', 'RAMAL LOGADO COM SUCESSO');
  await answers('<LOGIN><2003>', 'NAO E POSSIVEL EFETUAR LOGIN DE HARDPHONE VIA API');
  await answers('<LOGOUT><2003>', 'NAO E POSSIVEL EFETUAR LOGOUT DE HARDPHONE VIA SOCKET');
  await answers('<SETSTATUS><2003><5>', 'NAO E POSSIVEL ALTERAR STATUS DE HARDPHONE');
  await answers('<LOGOUTHARDPHONE><2003>', 'RAMAL DESLOGADO COM SUCESSO');
  await answers('<LOGINHARDPHONE><2005><50001>', 'RAMAL LOGADO COM SUCESSO');
  await answers('<LOGINHARDPHONE><2005><59999>', 'RAMAL NÃO ENCONTRADO');
  await answers('<LOGOUTHARDPHONE><2005>', 'RAMAL DESLOGADO COM SUCESSO');
  await answers('<LOGOUTHARDPHONE><2999>', 'RAMAL NÃO ENCONTRADO');
  await until('the last line', () => lines.slice(from).includes('<S><2005><2><Deslogado>'));
  expect(lines.slice(from)).toEqual([
    '<S><2001><7><Feedback>', '<S><2001><1><Logado>', '<S><2001><6><Intervalo de Almoço>', '<S><2001><1><Logado>',
    '<S><2001><2><Deslogado>', '<S><2001><1><Logado>', '<S><2003><1><Logado>', '<S><2003><2><Deslogado>', '<S><2005><1><Logado>', '<S><2005><2><Deslogado>',
  ]);
});

test('1.2.2.4, 1.2.2.5: a profile brings all settings of the model, its places in queues included', { timeout: patience }, async () => {
  const { directory } = system.ritmo.foundations.context;
  const agent = (extension: string) => directory.all('agent').find((each) => each.extension === extension);
  await answers('<ADICIONARUSUARIOCOMPERFIL><2005><88888><Total IP><email@totalip.com.br><984169856>', "Usuário '88888' criado com sucesso");
  const made = await until('the user', () => agent('88888'));
  const { id: _id, name: _name, extension: _extension, password: _password, ...settings } = agent('2005') as NonNullable<ReturnType<typeof agent>>;
  expect(made).toEqual({ ...settings, id: made.id, name: 'Total IP', extension: '88888', email: 'email@totalip.com.br', mobile: '984169856', password: '12345678' });
  await until('the place in the queue', () => directory.get('queue', 10)?.members.some((member) => member.agentId === made.id && member.priority === 3 && member.skill === 2) === true);
  await answers('<ATUALIZARUSUARIOCOMPERFIL><2001><88888><Total IP><><><>', "Usuário '88888' criado com sucesso");
  await until('the other place', () => directory.get('queue', 10)?.members.some((member) => member.agentId === made.id && member.priority === 1) === true);
  expect(agent('88888')).toMatchObject({ maxCallS: 7200, autoAnswer: false, password: '12345678', mobile: '984169856' });
  await answers('<ADICIONARUSUARIOCOMPERFIL><2005><88889><Total IP>', "Usuário '88889' não foi criado. O nome Total IP já está em uso por outro usuário.");
});

describe('tabulation', () => {
  const campaign = demoCampaignId;

  test('1.2.2.6, 1.2.2.14: a phone is inserted, a parameter is changed', { timeout: patience }, async () => {
    await imported(campaign, ['a1', 'TotalIP', 'Campinas'], ['33553401']);
    await answers(`<INSERIRTELEFONECAMPANHA><${campaign}><2><TotalIP><3><11><33553402>`, 'TELEFONE INSERIDO');
    await answers(`<INSERIRTELEFONECAMPANHA><${campaign}><2><TotalIP><3><11><33553403>`, 'JA EXISTE NUMERO DE TELEFONE COM ESTA PRIORIDADE');
    await answers(`<INSERIRTELEFONECAMPANHA><${campaign}><2><TotalIP><4><11><33553403>`, 'PRIORIDADE EXCEDE LIMITE DE TELEFONES DA CAMPANHA');
    await answers(`<ALTERARCLIENTE><${campaign}><1><a1><3><Santos>`, 'CLIENTE ALTERADO');
    await answers(`<ALTERARCLIENTE><${campaign}><3><Campinas><3><Osasco>`, 'CLIENTE NAO ENCONTRADO');
    await until('the phone of the contact', async () => (await rows("SELECT 1 FROM telefones_campanhas WHERE telefone LIKE '%33553402'")).length === 1);
  });

  test('1.2.2.2, 1.2.2.3, 1.2.2.7: the third phone at its time, then the second; and every history entry has the date that it was given', { timeout: patience }, async () => {
    clock.nextMinuteIn(15_000);
    await command(`<SETSTATUSTELEFONECAMPANHA><a1><33553401><${campaign}><1003><2001>`);
    await imported(campaign, ['Total IP'], ['33553434', '33553435', '999884466']);
    await imported(101, ['Total IP'], ['33553436']);
    const from = lines.length;
    await system.api(`gerenciar_campanha?campanha_id=${campaign}`);
    const told = await until('the conversation', () => lines.slice(from).find((line) => line.startsWith('<D>')));
    const uniqueid = /<(\d{10}\.\d+)>$/.exec(told)?.[1] ?? '';
    expect(told).toBe(`<D><2001><1133553434><Total IP><><${campaign}><${uniqueid}>`);
    const minute = minuteIn(5_000);
    await answers(`<SETSTATUSTELEFONECAMPANHA><Total IP><999884466><${campaign}><1023><2001><${minute.text}>`, 'STATUS CADASTRADO COM SUCESSO');
    await answers(`<SETSTATUSTELEFONECAMPANHA><Total IP><33553434><${campaign}><1093><2001>`, 'STATUS CADASTRADO COM SUCESSO');
    await answers(`<SETSTATUSTELEFONECAMPANHA><Total IP><33559999><${campaign}><1023><2001><${minute.text}>`, 'CLIENTE NAO LOCALIZADO NA CAMPANHA');
    await answers(`<SETSTATUSTELEFONECAMPANHA><Total IP><999884466><${campaign}><1023><2001><290820141420>`, 'O AGENDAMENTO DEVER SER PARA UMA DATA FUTURA');
    await answers(`<SETSTATUSTELEFONECAMPANHA><Total IP><33553434><${campaign}><999><2001>`, 'STATUS NAO EXISTE');
    await answers(`<SETSTATUSTELEFONECAMPANHA><Total IP><33553434><${campaign}><1093><2999>`, 'RAMAL NAO ENCONTRADO');
    await until('the end of the conversation', () => lines.slice(from).includes(`<H><2001><${uniqueid}>`));
    await until('both other phones', () => called().length === 3, 120_000);
    expect(called()).toEqual(['1133553434', '11999884466', '1133553435']);
    expect((system.carrier.stats().calls[1]?.startedAtMs ?? 0) + clock.aheadMs).toBeGreaterThanOrEqual(minute.atMs);

    await answers(`<SETSTATUSTELEFONECAMPANHA><Total IP><33553434><${campaign}><1093><2001><300320120837><${uniqueid}>`, 'STATUS INSERIDO COM SUCESSO');
    await until('the date of the history', async () => (await rows<{ data: string }>(`SELECT data::text FROM resultado_discador WHERE codigo_ligacao = '${uniqueid}'`))[0]?.data === '2012-03-30 08:37:00');

    const everywhere = `<SETSTATUSTELEFONECAMPANHAPARAMETRO1><Total IP><0><1093><2001><200520131030>`;
    await answers(everywhere, 'STATUS CADASTRADO COM SUCESSO - Campanha "Vendas Primavera", "Total IP"');
    await answers(everywhere.replace('<0>', '<101>'), 'STATUS CADASTRADO COM SUCESSO - Campanha "Total IP"');
    await answers(everywhere.replace('<Total IP>', '<Ninguem>'), 'CLIENTE NAO LOCALIZADO NA CAMPANHA');
    await answers(everywhere.replace('<200520131030>', ''), 'STATUS CADASTRADO COM SUCESSO - Campanha "Vendas Primavera", "Total IP"');
    await answers(everywhere.replace('<1093>', '<1002>'), 'O AGENDAMENTO DEVER SER PARA UMA DATA FUTURA');
    // One callback of this agent, and no more: 2005 may have one.
    const callback = `<SETSTATUSTELEFONECAMPANHAPARAMETRO1><Total IP><101><1002><2005><${minuteIn(3_600_000).text}>`;
    await answers(callback, 'STATUS CADASTRADO COM SUCESSO - Campanha "Total IP"');
    await answers(callback.replace('<101>', `<${campaign}>`), 'AGENDAMENTOS EXCEDIDOS');
  });
});

test('1.2.2.15: DISCAR rings the agent and then the number', { timeout: patience }, async () => {
  const from = lines.length;
  await answers('<DISCAR><2001><984160601><errada>', 'CHAVE DA API INVÁLIDA');
  await answers(`<DISCAR><2001><984160601><${apiKey}>`, 'DISCANDO');
  const told = await until('the call', () => lines.slice(from).find((line) => line.startsWith('<A>')));
  expect(told).toMatch(/^<A><2001><11984160601><\d{10}\.\d+>$/);
  await until('its end', () => lines.slice(from).some((line) => line.startsWith('<H><2001>')));
});
