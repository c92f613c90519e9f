/**
 * Callbacks that an agent makes (disposition 1002; manual 1.1.15, 1.2.1.5, 1.2.2.2, 1.3.1.17) in the whole system as a process that
 * is killed: made by whichever door, told as <AGOP> at their minute, to every reader, once, and never dialed.
 */
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freeTcpPort, freeUdpPortRange, startAgents, startCarrier, type SimulatedCarrier } from '@ritmo/testing';
import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { agentPassword, demoCampaignId } from '../src/demo/demo-config.ts';
import { EarlyClock } from './early-clock.ts';
import { readLines, sendCommand } from './socket-clients.ts';
import { startVictim, type Victim } from './victim-process.ts';
import { until } from './whole-system.ts';

const patience = 300_000;
const extension = '2001';
/** With the time that readers are given to come back after a start. */
const settledMs = 13_000;
/** Its next minute begins while the test runs, after the first kill on a machine that is not very slow. */
const clock = new EarlyClock();
const firstMinuteMs = 35_000;
const closing: (() => Promise<unknown>)[] = [];
let installation: Parameters<typeof startVictim>[0] & { readonly ports: { readonly httpPort: number; readonly socketReadPort: number; readonly socketWritePort: number; readonly postgresPort: number; readonly sipPort: number } };
let carrier: SimulatedCarrier;
let victim: Victim;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const api = async (call: string): Promise<string> => (await fetch(`http://127.0.0.1:${installation.ports.httpPort}/api/${call}`)).text();

const command = (text: string): Promise<string> => sendCommand(installation.ports.socketWritePort, text);

async function sql(text: string): Promise<readonly Record<string, unknown>[]> {
  const password = (await readFile(join(installation.dataDir, 'secrets', 'integracao.password'), 'utf8')).trim();
  const client = new pg.Client({ host: '127.0.0.1', port: installation.ports.postgresPort, user: 'integracao', password, database: 'totalipdb' });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(text)).rows;
  } finally {
    await client.end();
  }
}

interface Heard {
  readonly text: string;
  readonly atMs: number;
}

/** Readers that come back as long as they are refused, as an integrator's does after a restart. */
function readers(count: number): { readonly lines: readonly Heard[][]; stop(): void } {
  const lines: Heard[][] = Array.from({ length: count }, () => []);
  const sockets = new Set<ReturnType<typeof readLines>>();
  let stopped = false;
  const follow = (heard: Heard[]): void => {
    const socket = readLines(installation.ports.socketReadPort, (text) => heard.push({ text, atMs: clock.nowMs() }));
    sockets.add(socket);
    socket.on('error', () => undefined).on('close', () => {
      sockets.delete(socket);
      if (!stopped) setTimeout(() => follow(heard), 500);
    });
  };
  for (const heard of lines) follow(heard);
  return {
    lines,
    stop() {
      stopped = true;
      for (const socket of sockets) socket.destroy();
    },
  };
}

const local = (atMs: number): Record<string, string> =>
  Object.fromEntries(
    new Intl.DateTimeFormat('pt-BR', { timeZone: 'America/Sao_Paulo', hourCycle: 'h23', year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', second: '2-digit' })
      .formatToParts(atMs)
      .map(({ type, value }) => [type, value]),
  );
/** DDMMYYYYHHMM */
function compact(atMs: number): string {
  const { day, month, year, hour, minute } = local(atMs) as Record<'day' | 'month' | 'year' | 'hour' | 'minute', string>;
  return `${day}${month}${year}${hour}${minute}`;
}
function timestamp(atMs: number): string {
  const { day, month, year, hour, minute, second } = local(atMs) as Record<'day' | 'month' | 'year' | 'hour' | 'minute' | 'second', string>;
  return `${year}-${month}-${day} ${hour}:${minute}:${second}`;
}

async function imported(name: string, ...numbers: readonly string[]): Promise<void> {
  const phones = numbers.map((number, index) => `telefone${index + 1}=${number}&ddd${index + 1}=11`).join('&');
  expect(await api(`importar_discador?id_campanha=${demoCampaignId}&identificador1=${name}&identificador2=TESTE&${phones}`)).toBe(`${numbers.length} NUMERO(S) IMPORTADO(S) COM SUCESSO`);
}

const restart = async (whileDown: () => Promise<unknown> = () => Promise.resolve()): Promise<void> => {
  await victim.kill({ postgres: true });
  await whileDown();
  victim = startVictim(installation);
  await victim.ready;
};

beforeAll(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'ritmo-callbacks-'));
  await chmod(folder, 0o755);
  closing.push(() => rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 }));
  carrier = await startCarrier({ seed: 5, channelLimit: 5, cpsLimit: 5, mix: { answerDelayMs: { min: 200, max: 300 }, talkMs: { min: 60_000, max: 60_000 }, hangsUpFirstP: 0 } });
  closing.push(() => carrier.stop());
  const port = freeTcpPort;
  clock.nextMinuteIn(firstMinuteMs);
  installation = {
    dataDir: join(folder, 'data'),
    logFile: join(folder, 'ritmo.log'),
    aheadMs: clock.aheadMs,
    agents: 1,
    carrier: { host: carrier.host, port: carrier.port },
    channelLimit: 5,
    cpsLimit: 5,
    mode: 'progressive',
    rtpPorts: await freeUdpPortRange(100),
    ports: { httpPort: await port(), socketReadPort: await port(), socketWritePort: await port(), postgresPort: await port(), sipPort: await port() },
  };
  victim = startVictim(installation);
  closing.push(() => victim.kill({ postgres: true }));
  await victim.ready;
  const agents = await startAgents({
    registrar: { host: '127.0.0.1', port: installation.ports.sipPort },
    seed: 6,
    accounts: [{ extension, password: agentPassword(extension) }],
    answerDelayMs: { min: 200, max: 300 },
    talkMs: { min: 5_000, max: 5_500 },
    hangsUpP: 1,
  });
  closing.push(() => agents.stop());
}, patience);

afterAll(async () => {
  for (const close of closing.reverse()) await close();
}, patience);

it('are told once each at their time, to every reader, across kill -9, and never dialed', { timeout: patience }, async () => {
  const followed = readers(2);
  closing.push(() => Promise.resolve(followed.stop()));
  const [first = [], second = []] = followed.lines;
  const both = [first, second];
  const line = (name: string, number: string): string => `<AGOP><${extension}><${number}><${name}><TESTE><${demoCampaignId}>`;
  const timesTold = (text: string): number[] => both.map((heard) => heard.filter((told) => told.text === text).length);
  const has = (text: string): boolean => timesTold(text).every((times) => times > 0);

  // Far enough away to be made by every door; when it comes while nothing runs, it is told afterwards.
  const minute = Math.ceil((clock.nowMs() + 15_000) / 60_000) * 60_000;
  await imported('http', '984160602', '984160612');
  await imported('sql', '984160603');
  await imported('down', '984160604');
  const form = `numerodotelefone=984160602&id_campanha=${demoCampaignId}&id_status=1002&ramal=${extension}`;
  expect(await api(`set_status_telefones_campanhas?parametro1=http&${form}`)).toBe('O AGENDAMENTO DEVER SER PARA UMA DATA FUTURA');
  expect(await api(`set_status_telefones_campanhas?parametro1=http&${form}&data=${compact(minute)}`)).toBe('STATUS CADASTRADO COM SUCESSO');
  const insert = async (name: string, number: string, atMs: number): Promise<void> => {
    await sql(`INSERT INTO set_status_telefones_campanhas (parametro1, numerodotelefone, id_campanha, id_status, ramal, data) VALUES ('${name}', '${number}', ${demoCampaignId}, 1002, '${extension}', '${timestamp(atMs)}')`);
    await until('the row of the command is taken', async () => (await sql('SELECT * FROM set_status_telefones_campanhas')).length === 0);
  };
  await insert('sql', '984160603', minute);
  await insert('down', '984160604', minute + 3_600_000);

  // A real conversation, and its agent's own tabulation while it lasts.
  await imported('socket', '984160601', '984160611');
  expect(await api(`gerenciar_campanha?campanha_id=${demoCampaignId}`)).toBe('CAMPANHA ATIVADA');
  const { text: delivered } = await until('the conversation', () => first.find(({ text }) => text.startsWith('<D>')));
  const [, uniqueid = ''] = new RegExp(`^<D><${extension}><11984160601><socket><TESTE><${demoCampaignId}><(\\d+\\.\\d+)>$`).exec(delivered) ?? [];
  expect(uniqueid, delivered).not.toBe('');
  expect(await command(`<SETSTATUSTELEFONECAMPANHA><socket><984160601><${demoCampaignId}><1002><${extension}><${compact(minute)}><${uniqueid}>`)).toBe('STATUS INSERIDO COM SUCESSO\r\n');
  await until('the end of the conversation', () => first.some(({ text }) => text === `<H><${extension}><${uniqueid}>`));
  await until('its result', async () => (await sql(`SELECT 1 FROM resultado_discador WHERE codigo_ligacao = '${uniqueid}' AND id_status = 1002`)).length === 1);

  // One gets another time, and falls due while nothing runs.
  let down = 0;
  while (clock.nowMs() > down - 1_000) {
    down = Math.ceil((clock.nowMs() + 6_000) / 1_000) * 1_000;
    await insert('down', '984160604', down);
  }
  expect(timesTold(line('down', '11984160604'))).toEqual([0, 0]);
  await restart(() => until('its time has passed', () => clock.nowMs() > down));
  await until('the one that fell due while nothing ran', () => has(line('down', '11984160604')));
  const ofTheMinute = [line('http', '11984160602'), line('socket', '11984160601'), line('sql', '11984160603')];
  await until('those of the minute', () => ofTheMinute.every(has), 150_000);
  const told = first.filter(({ text }) => text.startsWith('<AGOP>'));
  expect(told.filter(({ text, atMs }) => atMs < (ofTheMinute.includes(text) ? minute : down))).toEqual([]);
  expect(await sql(`SELECT telefone, id_status, discar_em, discar_em_operador FROM resultado_discador WHERE codigo_ligacao = '${uniqueid}'`)).toMatchObject([
    { telefone: '11984160601', id_status: 1002, discar_em: null, discar_em_operador: expect.anything() as unknown },
  ]);

  await restart();
  await pause(settledMs);
  for (const text of [line('down', '11984160604'), ...ofTheMinute]) expect(timesTold(text), text).toEqual([1, 1]);
  // The campaign has been active all along, and the agent free: the reminders dialed nobody, nor were the contacts' other phones.
  expect(carrier.stats().calls.map(({ number }) => number)).toEqual(['11984160601']);
});
