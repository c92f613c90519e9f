/** For the tests of section 1.1 only: the API on a stage with the manual's own examples configured. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { answers, answerText, type AnswerId, type Section } from '@ritmo/contract';
import { createStage, type Stage } from '@ritmo/contract/testing';
import { startTestDatabase, type TestDatabase } from '@ritmo/database/testing';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { createApiApp, type ApiApp } from './app.ts';

export let db: TestDatabase;
export let stage: Stage;
export let app: ApiApp;
const phone = createServer();
/** A desk phone's own web page. */
export const deskPhone = { calls: [] as { url: string | undefined; authorization: string | undefined }[], status: 200, says: 'ok' };
/** Lines of the catalogue that were seen. */
const seen = new Set<string>();
export const base = { maxCallbacks: 50, password: '1234' };

/** What the functions read of the projector's, with the columns that they read. The whole is in services/standalone/test/functions.e2e.test.ts. */
const views = `
  CREATE SCHEMA views;
  CREATE TABLE views.contacts (contact_id int, parameter1 text, parameter2 text);
  CREATE TABLE views.phones (phone_id int, contact_id int, campaign_id int, phone text, status_id int, last_call_id text);
  CREATE TABLE views.results (call_id text, id bigint, agent_id int, answered boolean, started_at timestamp, ended_at timestamp);
  CREATE TABLE public.status_servidores (id int, nome text, status text);
  CREATE TABLE public.grupos_de_atendimento (id int, nome text);
  CREATE TABLE public.grupos_de_atendimento_logs (id bigint, id_grupo_de_atendimento int, tempo_em_espera int, duracao int, id_usuario int, numero_origem text, data timestamp);
  CREATE TABLE public.excluir_telefone_campanha (id_telefone int, id_campanha int, executado boolean, data timestamp);`;

/** Starts the stage for the tests of a file. */
export function onTheContractStage(): void {
  beforeAll(async () => {
    db = await startTestDatabase();
    await db.database.query(views);
    stage = await createStage({ database: db.database });
    await new Promise<void>((resolve) => phone.listen(0, '127.0.0.1', resolve));
    phone.on('request', (request, response) => {
      deskPhone.calls.push({ url: request.url, authorization: request.headers.authorization });
      response.writeHead(deskPhone.status).end(deskPhone.says);
    });
    const phoneAddress = `127.0.0.1:${(phone.address() as AddressInfo).port}`;
    stage.put('settings', { id: 1 });
    const agents = [
      [1, 'Suporte Totalip', '99999'],
      [5, 'Eduardo Moreira', '40009'],
      [10, 'Cláudia Nascimento', '64136'],
      [21, 'Carlos da Silva', '10005'],
      [27, 'Ana Paula Santos', '40111'],
      [55, 'Rodrigo Vieira', '20010'],
      [60, 'Modelo', '40018'],
      [9, 'Marina Fagundes Romero', '40119'],
    ] as const;
    for (const [id, name, extension] of agents) stage.put('agent', { id, name, extension, ...base });
    stage.put('agent', { id: 70, name: 'Bloqueado', extension: '70000', blocked: true, ...base });
    stage.put('agent', { id: 71, name: 'Khomp', extension: '40045', kind: 'hardphone', phoneModel: 'khomp', phoneAddress, phonePassword: 'root', ...base });
    stage.put('agent', { id: 72, name: 'Sem modelo', extension: '40046', kind: 'hardphone', ...base });
    stage.put('shared-extension', { id: 1, extension: '50001', phoneModel: 'grandstream', phoneAddress, phonePassword: 'admin', password: '1234' });
    const statuses = ['Logado', 'Deslogado', 'Siga-me', 'Reunião', 'Visita em Cliente', 'Intervalo de Almoço', 'Feedback'];
    for (const [index, name] of statuses.entries()) stage.put('user-status', { id: index + 1, name });
    stage.put('user-status', { id: 55, name: 'Intervalo Almoço' });
    const dispositions = [[3, 'Entregue ao Operador'], [7, 'Ocupado'], [8, 'Não Atende'], [9, 'Discado Sistema'], [11, 'Desligado Sem Operadores Livres'], [12, 'Rota Indisponível'], [13, 'Número Inválido']] as const;
    for (const [id, name] of dispositions) stage.put('disposition', { id, name });
    for (const [id, name] of [[1, 'Campanha Clientes X'], [2, 'Campanha Clientes Y'], [3, 'Campanha Clientes Z']] as const) stage.put('campaign', { id, name, queueId: 2 });
    stage.put('queue', { id: 2, name: 'Comercial', members: [{ agentId: 60, priority: 3, skill: 2 }] });
    app = createApiApp(stage.context, { port: 0, adminKey: 'unused-key' });
    await app.start();
  });
  afterAll(async () => {
    await app.stop();
    await stage.close();
    phone.close();
    await db.close();
  });
  beforeEach(() => void (stage.asked.length = 0));
}

export async function get(path: string): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${app.port()}${path.startsWith('/') ? path : `/${path}`}`);
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toMatch(/^text\/plain; charset=utf-8$/);
  return response.text();
}

/** What a path is answered, checked against the manual's words and against the catalogue's line of that section. */
export async function provoke(section: Section, id: AnswerId, path: string, words: string): Promise<void> {
  expect(await get(path)).toBe(words);
  const line = (answers[section] as Record<string, string>)[id];
  expect(line).toBeDefined();
  if (!line?.includes('{')) expect(answerText(section, id)).toBe(words);
  seen.add(`${section} ${id}`);
}

export const refuse = <C extends string>(code: C): { ok: false; code: C } => ({ ok: false, code });

/** The groups of sections, one a file; together they are all of 1.1. */
export const groups = {
  agents: ['1.1.1', '1.1.2', '1.1.3', '1.1.4', '1.1.5', '1.1.6', '1.1.9', '1.1.10', '1.1.11', '1.1.24', '1.1.25', '1.1.26'],
  campaigns: ['1.1.7', '1.1.8', '1.1.12', '1.1.13', '1.1.14', '1.1.17', '1.1.18', '1.1.19', '1.1.19.1'],
  contacts: ['1.1.15', '1.1.16', '1.1.21', '1.1.22', '1.1.27'],
  calls: ['1.1', '1.1.20', '1.1.23'],
} as const;

/** The last test of a file. */
export function everyLineWasProvoked(group: keyof typeof groups): void {
  test(`every line of the catalogue of the sections of ${group} was provoked`, () => {
    const transport = new Set(['1.1 function-unknown', '1.1 address-refused', '1.1 unavailable']);
    const lines = Object.entries(answers)
      .filter(([section]) => (groups[group] as readonly string[]).includes(section))
      .flatMap(([section, texts]) => Object.keys(texts).map((id) => `${section} ${id}`));
    expect(lines.filter((each) => !seen.has(each) && !transport.has(each))).toEqual([]);
  });
}
