/** Section 1.1 word for word: every example of the manual, and every line under "Retornos" provoked. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { answers, answerText, httpFunctions, type AnswerId, type Section } from '@ritmo/contract';
import { createStage, eventually, type Stage } from '@ritmo/contract/testing';
import type { AgentState, Requests } from '@ritmo/bus';
import { startTestDatabase, type TestDatabase } from '@ritmo/database/testing';
import { asCallId, asExtension, asId, fact, streams, type AgentId, type CallId, type CampaignId, type ContactId, type PhoneId, type QueueId, type RouteId, type TrunkId, type UserStatusId } from '@ritmo/domain';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createApiApp, type ApiApp } from './app.ts';

let db: TestDatabase;
let stage: Stage;
let app: ApiApp;
const phone = createServer();
const phoneCalls: { url: string | undefined; authorization: string | undefined }[] = [];
let phoneStatus = 200;
const key = 'db39eded0adfd54d1ce03d23dc333787';
/** Lines of the catalogue that were seen. */
const seen = new Set<string>();
const base = { maxCallbacks: 50, password: '1234' };

/** The views of section 1.3 that two functions read, with the columns that they read. */
const views = `
  CREATE TABLE public.resultado_discador_mensal (id bigint, uniqueid text, campaign_customer_phone_number_id int, identificador1 text, identificador2 text,
    telefone text, status_id int, data_hora_inicio timestamp, data_hora_fim timestamp, ramal text, campanha_id int);
  CREATE TABLE public.grupos_de_atendimento (id int, nome text);
  CREATE TABLE public.grupos_de_atendimento_logs (id bigint, id_grupo_de_atendimento int, tempo_em_espera int, duracao int, id_usuario int, numero_origem text, data timestamp);
  CREATE TABLE public.excluir_telefone_campanha (id_telefone int, id_campanha int, executado boolean, data timestamp);`;

beforeAll(async () => {
  db = await startTestDatabase();
  await db.database.query(views);
  stage = await createStage({ database: db.database });
  await new Promise<void>((resolve) => phone.listen(0, '127.0.0.1', resolve));
  phone.on('request', (request, response) => {
    phoneCalls.push({ url: request.url, authorization: request.headers.authorization });
    response.writeHead(phoneStatus).end('ok');
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

async function get(path: string): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${app.port()}${path.startsWith('/') ? path : `/${path}`}`);
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toMatch(/^text\/plain; charset=utf-8$/);
  return response.text();
}

/** What a path is answered, checked against the manual's words and against the catalogue's line of that section. */
async function provoke(section: Section, id: AnswerId, path: string, words: string): Promise<void> {
  expect(await get(path)).toBe(words);
  const line = (answers[section] as Record<string, string>)[id];
  expect(line).toBeDefined();
  if (!line?.includes('{')) expect(answerText(section, id)).toBe(words);
  seen.add(`${section} ${id}`);
}

const refuse = <C extends string>(code: C): { ok: false; code: C } => ({ ok: false, code });

describe('1.1.1 to 1.1.4: login and logout', () => {
  test('login', async () => {
    stage.answer('acd.agent.login', ({ extension }) => {
      switch (extension as string) {
        case '10005':
        case '40024':
          return { ok: true };
        case '40045':
          return refuse('hardphone');
        case '40009':
          return refuse('not-registered');
        case '20010':
          return refuse('licence');
      }
      return refuse('unknown-agent');
    });
    await provoke('1.1.1', 'logged-in', 'api/login?ramal=10005', 'RAMAL LOGADO COM SUCESSO');
    await provoke('1.1.1', 'logged-in', 'api/login?ramal=40024', 'RAMAL LOGADO COM SUCESSO');
    await provoke('1.1.1', 'extension-missing', 'api/login', 'RAMAL NÃO INFORMADO');
    await provoke('1.1.1', 'extension-unknown', 'api/login?ramal=1', 'RAMAL NÃO ENCONTRADO');
    await provoke('1.1.1', 'hardphone', 'api/login?ramal=40045', 'NAO É POSSÍVEL EFETUAR LOGIN DE HARDPHONE VIA API');
    await provoke('1.1.1', 'licence-exceeded', 'api/login?ramal=20010', 'LICENÇA DE RAMAIS EXCEDIDA');
    await provoke('1.1.1', 'not-connected', 'api/login?ramal=40009', 'SOFTPHONE NÃO ESTÁ CONECTADO');
    await provoke('1.1.1', 'extension-blocked', 'api/login?ramal=70000', 'RAMAL ESTA BLOQUEADO');
    expect(stage.asked[0]).toEqual({
      subject: 'acd.agent.login',
      request: { extension: '10005', sharedExtension: null, hardphone: false, by: { kind: 'http', id: '127.0.0.1' } },
    });
  });
  test('logout', async () => {
    stage.answer('acd.agent.logout', ({ extension, hardphone }) =>
      extension === '1' ? refuse('unknown-agent') : extension === '40045' && !hardphone ? refuse('hardphone') : { ok: true },
    );
    await provoke('1.1.2', 'logged-out', 'api/logout?ramal=10005', 'RAMAL DESLOGADO COM SUCESSO');
    await provoke('1.1.2', 'logged-out', 'api/logout?ramal=40024', 'RAMAL DESLOGADO COM SUCESSO');
    await provoke('1.1.2', 'extension-missing', 'api/logout', 'RAMAL NÃO INFORMADO');
    await provoke('1.1.2', 'extension-unknown', 'api/logout?ramal=1', 'RAMAL NÃO ENCONTRADO');
    await provoke('1.1.2', 'hardphone', 'api/logout?ramal=40045', 'NÃO É POSSÍVEL EFETUAR LOGOUT DE HARDPHONE VIA API');
    await provoke('1.1.4', 'logged-out', 'api/logout_hardphone?ramal=40045', 'RAMAL DESLOGADO COM SUCESSO');
    await provoke('1.1.4', 'extension-missing', 'api/logout_hardphone', 'RAMAL NÃO INFORMADO');
    await provoke('1.1.4', 'extension-unknown', 'api/logout_hardphone?ramal=1', 'RAMAL NÃO ENCONTRADO');
  });
  test('login of a hardphone and at a shared extension', async () => {
    stage.answer('acd.agent.login', ({ extension, sharedExtension }) => {
      if (extension === '1') return refuse('unknown-agent');
      if (extension === '2') return refuse('licence');
      return sharedExtension === null || sharedExtension === '50001' ? { ok: true } : refuse('unknown-shared-extension');
    });
    await provoke('1.1.3', 'logged-in', '/api/login_hardphone?ramal=40018&hardphone=50001', 'RAMAL LOGADO COM SUCESSO');
    expect(stage.asked.at(-1)?.request).toMatchObject({ extension: '40018', sharedExtension: '50001', hardphone: true });
    await provoke('1.1.3', 'extension-missing', 'api/login_hardphone', 'RAMAL NÃO ENCONTRADO');
    await provoke('1.1.3', 'extension-unknown', 'api/login_hardphone?ramal=1', 'RAMAL NÃO ENCONTRADO');
    await provoke('1.1.3', 'shared-extension-unknown', 'api/login_hardphone?ramal=40018&hardphone=59999', 'RAMAL NÃO ENCONTRADO');
    await provoke('1.1.3', 'licence-exceeded', 'api/login_hardphone?ramal=2', 'LICENÇA DE RAMAIS EXCEDIDA');
    await provoke('1.1.3', 'extension-blocked', 'api/login_hardphone?ramal=70000', 'RAMAL ESTA BLOQUEADO');
  });
});

describe('1.1.5, 1.1.9 to 1.1.11, 1.1.24: lists', () => {
  test('status', async () => {
    expect(await get('api/status')).toBe('1;Logado\n2;Deslogado\n3;Siga-me\n4;Reunião\n5;Visita em Cliente\n6;Intervalo de Almoço\n7;Feedback\n55;Intervalo Almoço');
  });
  test('usuarios, by the code of the user', async () => {
    const lines = (await get('api/usuarios')).split('\n');
    expect(lines.slice(0, 4)).toEqual(['1;Suporte Totalip;99999', '5;Eduardo Moreira;40009', '9;Marina Fagundes Romero;40119', '10;Cláudia Nascimento;64136']);
    expect(await get(`api/${encodeURIComponent('usuários')}`)).toBe(lines.join('\n'));
  });
  test('campanhas', async () => {
    expect(await get('api/campanhas')).toBe('1;Campanha Clientes X\n2;Campanha Clientes Y\n3;Campanha Clientes Z');
  });
  test('status_campanhas', async () => {
    expect(await get('api/status_campanhas')).toBe(
      '3;Entregue ao Operador\n7;Ocupado\n8;Não Atende\n9;Discado Sistema\n11;Desligado Sem Operadores Livres\n12;Rota Indisponível\n13;Número Inválido',
    );
  });
  test('status_telefone', async () => {
    expect(await get('api/status_telefone')).toBe('0;Livre\n1;Ocupado\n2;Ocupado\n3;Ocupado\n4;Desconectado\n8;Tocando\n9;Ocupado');
  });
});

describe('1.1.6, 1.1.25, 1.1.26: status and pauses', () => {
  test('set_status', async () => {
    stage.answer('acd.agent.set-status', ({ extension, statusId }) => {
      if (extension === '10010') return refuse('hardphone');
      if (extension === '1') return refuse('unknown-agent');
      return statusId === 5 ? { ok: true } : refuse('unknown-status');
    });
    await provoke('1.1.6', 'extension-or-status-missing', 'api/set_status?ramal=10005', 'RAMAL OU STATUS_ID NAO INFORMADO');
    await provoke('1.1.6', 'status-changed', 'api/set_status?ramal=10005&status_id=5', 'STATUS ALTERADO COM SUCESSO');
    await provoke('1.1.6', 'hardphone', 'api/set_status?ramal=10010&status_id=3', 'NAO E POSSIVEL ALTERAR STATUS DE HARDPHONE');
    await provoke('1.1.6', 'extension-unknown', 'api/set_status?ramal=1&status_id=3', 'RAMAL NÃO ENCONTRADO');
    await provoke('1.1.6', 'status-unknown', 'api/set_status?ramal=10005&status_id=99', 'STATUS NÃO EXISTE');
    await provoke('1.1.6', 'status-unknown', 'api/set_status?ramal=10005&status_id=abc', 'STATUS NÃO EXISTE');
  });
  test.each([
    ['1.1.25', 'set_pause', 'acd.agent.pause'],
    ['1.1.26', 'set_unpause', 'acd.agent.unpause'],
  ] as const)('%s %s', async (section, name, subject) => {
    stage.answer(subject, ({ extension }) => (extension === '1' ? refuse('unknown-agent') : extension === '5' ? refuse('already') : { ok: true }));
    await provoke(section, 'pause-changed', `api/${name}?ramal=10005`, 'PAUSA ALTERADA COM SUCESSO');
    await provoke(section, 'pause-changed', `api/${name}?ramal=5`, 'PAUSA ALTERADA COM SUCESSO');
    await provoke(section, 'extension-missing', `api/${name}`, 'RAMAL NAO INFORMADO');
    await provoke(section, 'extension-unknown', `api/${name}?ramal=1`, 'RAMAL NAO ENCONTRADO');
  });
});

describe('1.1.7, 1.1.8, 1.1.12, 1.1.14: campaigns and queues', () => {
  test.each(['gerenciar_campanha', 'gerenciar_campanhas'])('%s', async (name) => {
    let active = false;
    stage.answer('dialer.campaign.set-active', ({ campaignId, action }) => {
      expect(action).toBe('toggle');
      if (campaignId !== asId<CampaignId>(50)) return refuse('unknown-campaign');
      active = !active;
      return { ok: true, active };
    });
    await provoke('1.1.7', 'campaign-unknown', `api/${name}?campanha_id=2`, 'CAMPANHA NÃO ENCONTRADA');
    await provoke('1.1.7', 'campaign-unknown', `api/${name}`, 'CAMPANHA NÃO ENCONTRADA');
    await provoke('1.1.7', 'campaign-activated', `api/${name}?campanha_id=50`, 'CAMPANHA ATIVADA');
    await provoke('1.1.7', 'campaign-deactivated', `api/${name}?campanha_id=50`, 'CAMPANHA DESATIVADA');
  });
  test('ligacoes_campanha tells the last status of each number', async () => {
    stage.put('campaign', { id: 27, name: 'Vinte e sete', queueId: 2 });
    stage.put('campaign', { id: 28, name: 'Vazia', queueId: 2 });
    const insert = 'INSERT INTO public.resultado_discador_mensal (id, campaign_customer_phone_number_id, identificador1, identificador2, telefone, status_id, data_hora_inicio, data_hora_fim, ramal, campanha_id) VALUES ';
    const at = (seconds: number): string => `'2026-01-01 10:00:00', timestamp '2026-01-01 10:00:00' + interval '${seconds} seconds'`;
    await db.database.query(
      `${insert}(1, 1, '127846', '0001', '2181793134', 8, ${at(5)}, NULL, 27), (2, 1, '127846', '0001', '2181793134', 3, ${at(85)}, '10005', 27),
       (3, 2, '467351', '0002', '9889254691', 8, ${at(5)}, NULL, 27), (4, 3, '400173', '0001', '6235236544', 6, ${at(96)}, '64136', 27)`,
    );
    const text = '21;127846;0001;21;81793134;3;85\n;467351;0002;98;89254691;8;5\n10;400173;0001;62;35236544;6;96';
    expect(await get('api/ligacoes_campanha?campanha=27')).toBe(text);
    expect(await get(`api/${encodeURIComponent('ligações_campanha')}?campanha=27`)).toBe(text);
    await provoke('1.1.8', 'campaign-unknown', 'api/ligacoes_campanha?campanha=2000', 'CAMPANHA NÃO ENCONTRADA');
    await provoke('1.1.8', 'no-calls', 'api/ligacoes_campanha?campanha=28', 'NAO HÁ LIGAÇÕES DE CAMPANHA');
    stage.remove('campaign', 27);
    stage.remove('campaign', 28);
  });
  test('fila_espera', async () => {
    const waiting = [
      ['1195894637', 2124.578],
      ['1129563288', 3354.878],
      ['1133556214', 3452.456],
    ] as const;
    stage.answer('acd.queues', {
      queues: [
        {
          queueId: asId<QueueId>(1),
          name: 'call_center',
          waiting: waiting.map(([number, waitMs], index) => ({ callId: asCallId(`1.${index}`), position: index + 1, number, waitMs, campaignId: null })),
        },
      ],
    });
    expect(await get('api/fila_espera?fila=call_center')).toBe('1;1195894637;2.124578\n2;1129563288;3.354878\n3;1133556214;3.452456');
    await provoke('1.1.12', 'queue-unknown', 'api/fila_espera?fila=outra', 'FILA NAO ENCONTRADA');
    await provoke('1.1.12', 'queue-unknown', 'api/fila_espera', 'FILA NAO ENCONTRADA');
  });
  test('grupos_de_atendimento', async () => {
    await db.database.query(
      `INSERT INTO public.grupos_de_atendimento_logs VALUES (1, 2, 21, 1382, 27, '1130761239', '2010-11-04 09:51:12'), (2, 2, 2, 63, 9, '1131888490', '2010-11-04 10:10:00'),
         (3, 2, 7, 0, NULL, '1131888499', '2010-11-04 23:59:59'), (4, 2, 7, 0, NULL, '1131888499', '2010-11-05 00:00:00')`,
    );
    expect(await get('api/grupos_de_atendimento?dia=04&mes=11&ano=2010')).toBe(
      '2;Comercial\n27;40111;Ana Paula Santos;1130761239;1382;21;ATENDIDA OPERADOR;04/11/2010 09:51\n9;40119;Marina Fagundes Romero;1131888490;63;2;ATENDIDA OPERADOR;04/11/2010 10:10\n;;;1131888499;0;7;NAO ATENDIDA;04/11/2010 23:59',
    );
    await provoke('1.1.14', 'nothing-found', 'api/grupos_de_atendimento?dia=10&mes=10&ano=2010', 'INFORMAÇÕES NÃO LOCALIZADAS');
    await provoke('1.1.14', 'nothing-found', 'api/grupos_de_atendimento?dia=31&mes=2&ano=2010', 'INFORMAÇÕES NÃO LOCALIZADAS');
    await provoke('1.1.14', 'nothing-found', 'api/grupos_de_atendimento', 'INFORMAÇÕES NÃO LOCALIZADAS');
  });
});

test('1.1.13 gravacao: every refusal', async () => {
  const part = (n: number) => ({ recordingId: 84530 + n, part: n, file: 'none.wav', bytes: 1, durationMs: 1 });
  stage.answer('recorder.find', ({ callId, recordingId }) => ({ parts: callId === '1272916393.14005' ? [part(1), part(2)] : recordingId === 84532 ? [part(2)] : [] }));
  await provoke('1.1.13', 'several-recordings', 'api/gravacao?codigo_ligacao=1272916393.14005', 'MAIS DE UM ARQUIVO ENCONTRADO, ESPECIFIQUE QUAL PARTE DESEJA OBTER');
  await provoke('1.1.13', 'part-unknown', 'api/gravacao?codigo_ligacao=1272916393.14005&parte=3', 'PARTE ESPECIFICADA NÃO EXISTE');
  await provoke('1.1.13', 'no-recording', 'api/gravacao?codigo_ligacao=1.1', 'NENHUMA GRAVAÇÃO ENCONTRADA');
  await provoke('1.1.13', 'no-recording', 'api/gravacao', 'NENHUMA GRAVAÇÃO ENCONTRADA');
  // The file of this part is gone from the disk.
  await provoke('1.1.13', 'no-recording', 'api/gravacao?codigo_monitoria=84532', 'NENHUMA GRAVAÇÃO ENCONTRADA');
});

describe('1.1.15, 1.1.16, 1.1.21, 1.1.22, 1.1.27: contacts', () => {
  test('set_status_telefones_campanhas', async () => {
    const example = 'api/set_status_telefones_campanhas?parametro1=Total IP&numerodotelefone=33553434&id_campanha=1&id_status=10&ramal=99999&data=300320120837&uniqueid=1111111111111';
    stage.answer('dialer.disposition.set', { ok: true });
    await provoke('1.1.15', 'disposition-saved', example, 'STATUS CADASTRADO COM SUCESSO');
    expect(stage.asked.at(-1)?.request).toEqual({
      campaignId: 1,
      parameter1: 'Total IP',
      number: '33553434',
      dispositionId: 10,
      extension: '99999',
      at: Date.parse('2012-03-30T08:37:00-03:00'),
      callId: '1111111111111',
      by: { kind: 'http', id: '127.0.0.1' },
    });
    for (const name of ['parametro1', 'numerodotelefone', 'id_campanha', 'id_status', 'ramal']) {
      await provoke('1.1.15', 'parameters-missing', example.replace(new RegExp(`${name}=[^&]*&`), ''), 'PARAMETROS NAO INFORMADOS VERIFIQUE SINTAXE DO COMANDO');
    }
    await provoke('1.1.15', 'parameters-missing', example.replace('300320120837', '31022012'), 'PARAMETROS NAO INFORMADOS VERIFIQUE SINTAXE DO COMANDO');
    const refusals = [
      ['contact-not-found', 'contact-unknown', 'CLIENTE NAO LOCALIZADO NA CAMPANHA'],
      ['unknown-disposition', 'status-unknown', 'STATUS INFORMADO NAO EXISTE'],
      ['unknown-agent', 'extension-unknown', 'USUARIO TOTALIP NAO LOCALIZADO'],
      ['callbacks-exceeded', 'callbacks-exceeded', 'AGENDAMENTOS EXCEDIDOS'],
      ['not-in-future', 'not-in-future', 'O AGENDAMENTO DEVER SER PARA UMA DATA FUTURA'],
    ] as const;
    for (const [code, id, words] of refusals) {
      stage.answer('dialer.disposition.set', refuse(code));
      await provoke('1.1.15', id, example, words);
    }
  });

  test('inserir_telefone_campanha', async () => {
    stage.put('campaign', { id: 20, name: 'Vinte', queueId: 2, parameters: ['1', '2', '3'], maxPhones: 5 });
    const example = 'api/inserir_telefone_campanha?id_campanha=20&parametro=2&valor_parametro=1234&prioridade=3&codigo_area=11&telefone=33553434';
    stage.answer('dialer.phone.add', { ok: true, phoneId: asId<PhoneId>(1) });
    await provoke('1.1.16', 'phone-inserted', example, 'TELEFONE INSERIDO');
    expect(stage.asked.at(-1)?.request).toMatchObject({ campaignId: 20, parameterIndex: 2, parameterValue: '1234', priority: 3, areaCode: '11', number: '33553434' });
    await provoke('1.1.16', 'contact-unknown', 'api/inserir_telefone_campanha?id_campanha=20', 'CLIENTE NAO ENCONTRADO');
    await provoke('1.1.16', 'campaign-missing', 'api/inserir_telefone_campanha', 'ID DA CAMPANHA NAO INFORMADO');
    await provoke('1.1.16', 'campaign-unknown', example.replace('=20', '=2000'), 'CAMPANHA NAO ENCONTRADA');
    await provoke('1.1.16', 'parameter-missing', example.replace('parametro=2', 'parametro='), 'PARAMETRO NAO INFORMADO');
    await provoke('1.1.16', 'parameter-unknown', example.replace('parametro=2', 'parametro=4'), 'PARAMETRO NAO EXISTE');
    await provoke('1.1.16', 'value-missing', example.replace('=1234', '='), 'VALOR DO PARAMETRO NAO INFORMADO');
    await provoke('1.1.16', 'priority-missing', example.replace('prioridade=3', 'prioridade='), 'PRIORIDADE NAO INFORMADA');
    await provoke('1.1.16', 'priority-over-limit', example.replace('prioridade=3', 'prioridade=6'), 'PRIORIDADE EXCEDE LIMITE DE TELEFONES DA CAMPANHA');
    await provoke('1.1.16', 'number-missing', example.replace('telefone=33553434', 'telefone='), 'NUMERO DE TELEFONE NAO INFORMADO');
    const refusals = [
      ['contact-not-found', 'contact-unknown', 'CLIENTE NAO ENCONTRADO'],
      ['several-contacts', 'several-contacts', 'MAIS DE UM CLIENTE ENCONTRADO'],
      ['unknown-parameter', 'parameter-unknown', 'PARAMETRO NAO EXISTE'],
      ['priority-taken', 'priority-taken', 'JA EXISTE NUMERO DE TELEFONE COM ESTA PRIORIDADE'],
      ['priority-over-limit', 'priority-over-limit', 'PRIORIDADE EXCEDE LIMITE DE TELEFONES DA CAMPANHA'],
      ['phones-exceeded', 'phones-exceeded', 'LIMITE DE TELEFONES DA CAMPANHA EXCEDIDO'],
      ['unknown-campaign', 'campaign-unknown', 'CAMPANHA NAO ENCONTRADA'],
      ['invalid-number', 'number-invalid', 'NUMERO DE TELEFONE INVALIDO'],
    ] as const;
    for (const [code, id, words] of refusals) {
      stage.answer('dialer.phone.add', refuse(code));
      await provoke('1.1.16', id, example, words);
    }
  });

  test('importar_discador', async () => {
    stage.put('campaign', { id: 80, name: 'Oitenta', queueId: 2, defaultAreaCode: '19' });
    stage.answer('dialer.contacts.import', ({ contacts }) => ({ ok: true, imported: contacts.length, contactIds: [], rejected: [] }));
    const example = 'api/importar_discador?id_campanha=80&identificador1=Teste113&identificador2=Teste&telefone1=99999998&telefone2=33553434&ddd1=11&ddd2=11';
    await provoke('1.1.21', 'numbers-imported', example, '2 NUMERO(S) IMPORTADO(S) COM SUCESSO');
    expect(stage.asked.at(-1)?.request).toMatchObject({
      campaignId: 80,
      contacts: [{ parameters: ['Teste113', 'Teste'], phones: [{ areaCode: '11', number: '99999998', priority: 1 }, { areaCode: '11', number: '33553434', priority: 2 }] }],
    });
    await get('api/importar_discador?id_campanha=80&identificador1=a&telefone1=33553434&telefone2=11987654321&telefone_1_discar_em=300320120837&telefone_2_discar_agora=true');
    expect(stage.asked.at(-1)?.request).toMatchObject({
      contacts: [
        {
          phones: [
            { areaCode: '19', number: '33553434', dialAt: Date.parse('2012-03-30T08:37:00-03:00'), dialNow: false },
            { areaCode: '11', number: '987654321', dialAt: null, dialNow: true },
          ],
        },
      ],
    });
    await provoke('1.1.21', 'numbers-imported', 'api/importar_discador?id_campanha=80', '0 NUMERO(S) IMPORTADO(S) COM SUCESSO');
    await provoke('1.1.21', 'campaign-missing', 'api/importar_discador?telefone1=33553434', 'ID DA CAMPANHA NAO INFORMADO');
    await provoke('1.1.21', 'campaign-unknown', 'api/importar_discador?id_campanha=8000&telefone1=33553434', 'CAMPANHA NAO ENCONTRADA');
    await provoke('1.1.21', 'parameters-missing', `${example}&telefone_1_discar_em=amanha`, 'PARAMETROS NAO INFORMADOS VERIFIQUE SINTAXE DO COMANDO');
    stage.answer('dialer.contacts.import', ({ contacts }) => ({ ok: true, imported: 0, contactIds: [], rejected: contacts.map((_, index) => ({ index, place: null, reason: 'no' })) }));
    await provoke('1.1.21', 'numbers-imported', example, '0 NUMERO(S) IMPORTADO(S) COM SUCESSO');
  });

  test('excluir_telefone_campanha, shown in the table of exclusions too', async () => {
    stage.answer('dialer.phone.exclude', ({ phoneId, campaignId }) => {
      if (phoneId !== null) return phoneId === asId<PhoneId>(120000) ? { ok: true, excluded: 1 } : phoneId === asId<PhoneId>(7) ? refuse('intermediate') : refuse('not-found');
      return campaignId === asId<CampaignId>(20) ? { ok: true, excluded: 9 } : refuse('unknown-campaign');
    });
    await provoke('1.1.22', 'phone-excluded', 'api/excluir_telefone_campanha?id_telefone=120000', 'TELEFONE EXCLUIDO');
    await provoke('1.1.22', 'campaign-emptied', 'api/excluir_telefone_campanha?id_campanha=20', 'TELEFONES DA CAMPANHA EXCLUIDOS');
    await provoke('1.1.22', 'phone-unknown', 'api/excluir_telefone_campanha?id_telefone=8', 'TELEFONE NAO ENCONTRADO');
    await provoke('1.1.22', 'phone-unknown', 'api/excluir_telefone_campanha?id_telefone=7', 'TELEFONE NAO ENCONTRADO');
    await provoke('1.1.22', 'phone-unknown', 'api/excluir_telefone_campanha', 'TELEFONE NAO ENCONTRADO');
    await provoke('1.1.22', 'campaign-unknown', 'api/excluir_telefone_campanha?id_campanha=21', 'CAMPANHA NAO ENCONTRADA');
    const { rows } = await db.database.query('SELECT id_telefone, id_campanha, executado FROM public.excluir_telefone_campanha ORDER BY data');
    expect(rows).toEqual([
      { id_telefone: 120000, id_campanha: null, executado: true },
      { id_telefone: null, id_campanha: 20, executado: true },
    ]);
  });

  test('alterar_cliente', async () => {
    stage.put('campaign', { id: 20, name: 'Vinte', queueId: 2, parameters: ['1', '2', '3'] });
    const example = 'api/alterar_cliente?id_campanha=20&parametro=2&valor_parametro=1234&novo_parametro=3&valor_novo_parametro=11&chave=e766e45bb35f35fff6cf52a89118250b';
    stage.answer('dialer.contact.change', { ok: true, changed: 1 });
    await provoke('1.1.27', 'contact-changed', example, 'CLIENTE ALTERADO');
    expect(stage.asked.at(-1)?.request).toMatchObject({ campaignId: 20, parameterIndex: 2, value: '1234', newParameterIndex: 3, newValue: '11' });
    await provoke('1.1.27', 'campaign-missing', 'api/alterar_cliente', 'ID DA CAMPANHA NAO INFORMADO');
    await provoke('1.1.27', 'campaign-unknown', example.replace('=20', '=2000'), 'CAMPANHA NAO ENCONTRADA');
    await provoke('1.1.27', 'parameter-missing', example.replace('&parametro=2', ''), 'PARAMETRO NAO INFORMADO');
    await provoke('1.1.27', 'parameter-unknown', example.replace('&parametro=2', '&parametro=9'), 'PARAMETRO NAO EXISTE');
    await provoke('1.1.27', 'value-missing', example.replace('=1234', '='), 'VALOR DO PARAMETRO NAO INFORMADO');
    await provoke('1.1.27', 'new-parameter-missing', example.replace('novo_parametro=3', 'novo_parametro='), 'NOVO PARAMETRO NAO INFORMADO');
    await provoke('1.1.27', 'new-parameter-unknown', example.replace('novo_parametro=3', 'novo_parametro=9'), 'NOVO PARAMETRO NAO EXISTE');
    await provoke('1.1.27', 'new-value-missing', example.replace('=11&', '=&'), 'VALOR DO NOVO PARAMETRO NAO INFORMADO');
    const refusals = [
      ['contact-not-found', 'contact-unknown', 'CLIENTE NAO ENCONTRADO'],
      ['several-contacts', 'several-contacts', 'MAIS DE UM CLIENTE ENCONTRADO'],
      ['unknown-parameter', 'parameter-unknown', 'PARAMETRO NAO EXISTE'],
      ['unknown-campaign', 'campaign-unknown', 'CAMPANHA NAO ENCONTRADA'],
    ] as const;
    for (const [code, id, words] of refusals) {
      stage.answer('dialer.contact.change', refuse(code));
      await provoke('1.1.27', id, example, words);
    }
    stage.remove('campaign', 20);
    stage.remove('campaign', 80);
  });
});

describe('1.1.17, 1.1.18: servers', () => {
  test('status_servidores tells each part, the trunks among them', async () => {
    stage.context.health.register('Servidor Banco de Dados', () => ({ status: 'OK', detail: '' }));
    stage.context.health.register('Servidor Aplicação 1', () => ({ status: 'WARNING', detail: 'Particao /backup 84%' }));
    stage.answer('telephony.trunks', {
      trunks: [{ trunkId: asId<TrunkId>(3), name: 'Vonex 3', up: false, registered: null, channelsUsed: 0, channelLimit: 1, callsPerSecondLimit: 1, detail: 'UNREACHABLE' }],
    });
    const lines = (await get('api/status_servidores')).split('\n').map((each) => each.replace(/^\d+;/, ''));
    expect(lines).toEqual(expect.arrayContaining(['Servidor Banco de Dados;OK', 'Servidor Aplicação 1;WARNING - Particao /backup 84%', 'Barramento;OK', 'SIP TRUNK Vonex 3;CRITICAL - SIP TRUNK Vonex 3 (UNREACHABLE)']));
    for (const part of ['Armazenamento de Eventos', 'Disco', 'Memoria']) expect(lines.some((each) => each.startsWith(`${part};`))).toBe(true);
  });
  test('status_servidores_view is the same as a page', async () => {
    const response = await fetch(`http://127.0.0.1:${app.port()}/api/status_servidores_view`);
    const html = await response.text();
    expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(html).toContain('<th>ID</th><th>Nome</th><th>Status</th>');
    expect(html).toContain('<td>WARNING - Particao /backup 84%</td>');
  });
  test('the health of the parts is recorded for the view', async () => {
    const stored = await eventually(async () => {
      const events = await stage.context.events.readStream(streams.system);
      return events.length > 0 && events;
    });
    expect(stored.map(({ type, data }) => [type, data['part']])).toContainEqual(['PartHealthReported', 'Disco']);
  });
});

describe('1.1.19: users by profile', () => {
  test('adicionar_usuario_com_perfil copies all settings of the model', async () => {
    stage.put('agent', { id: 60, name: 'Modelo', extension: '40018', password: 'dele', email: 'modelo@x.com', groupId: 4, autoAnswer: true, maxCallbacks: 7 });
    const example = 'api/adicionar_usuario_com_perfil?ramal_padrao=40018&ramal=44555&nome=Total IP&email=totalip@totalip.com.br&senha=122345678';
    await provoke('1.1.19', 'user-created', example, "Usuário '44555' criado com sucesso");
    const created = stage.context.directory.all('agent').find(({ extension }) => extension === '44555');
    expect(created).toMatchObject({ name: 'Total IP', email: 'totalip@totalip.com.br', password: '122345678', groupId: 4, autoAnswer: true, maxCallbacks: 7 });
    expect(stage.context.directory.get('queue', 2)?.members).toContainEqual({ agentId: created?.id, priority: 3, skill: 2 });
    expect(await get('api/adicionar_usuario_com_perfil?ramal_padrao=40018&ramal=44556')).toBe("Usuário '44556' criado com sucesso");
    expect(stage.context.directory.all('agent').find(({ extension }) => extension === '44556')).toMatchObject({ name: '44556', password: '12345678' });
    await provoke('1.1.19', 'user-not-created', 'api/adicionar_usuario_com_perfil?ramal=44557', "Usuário '44557' não foi criado.");
    await provoke('1.1.19', 'user-not-created-name', 'api/adicionar_usuario_com_perfil?ramal_padrao=40018&ramal=44558&nome=Total IP', "Usuário '44558' não foi criado. O nome Total IP já está em uso por outro usuário.");
    await provoke('1.1.19', 'user-not-created-reason', example, "Usuário '44555' não foi criado. O ramal já está em uso por outro usuário.");
    expect(await get('api/adicionar_usuario_com_perfil?ramal_padrao=1&ramal=44557')).toBe("Usuário '44557' não foi criado. O ramal padrão não foi encontrado.");
    expect(await get('api/adicionar_usuario_com_perfil?ramal_padrao=40018&ramal=44557&email=nada')).toBe("Usuário '44557' não foi criado. O e-mail não é válido.");
  });
  test('atualizar_usuario_com_perfil', async () => {
    const example = 'api/atualizar_usuario_com_perfil?ramal_padrao=40018&ramal=44555&nome=TotalIP&email=totalip@totalip.com.br&celular=33553434&senha=122345678';
    await provoke('1.1.19.1', 'user-updated', example, "Usuário '44555' atualizado com sucesso.");
    expect(stage.context.directory.all('agent').find(({ extension }) => extension === '44555')).toMatchObject({ name: 'TotalIP', mobile: '33553434' });
    expect(await get('api/atualizar_usuario_com_perfil?ramal_padrao=40018&ramal=44555')).toBe("Usuário '44555' atualizado com sucesso.");
    await provoke('1.1.19.1', 'user-not-updated', 'api/atualizar_usuario_com_perfil?ramal=44555', "Usuário '44555' não foi atualizado.");
    await provoke('1.1.19.1', 'user-not-updated-name', 'api/atualizar_usuario_com_perfil?ramal_padrao=40018&ramal=44555&nome=Modelo', "Usuário '44555' não foi atualizado. O nome Modelo já está em uso por outro usuário.");
    await provoke('1.1.19.1', 'user-not-updated-reason', 'api/atualizar_usuario_com_perfil?ramal_padrao=40018&ramal=1', "Usuário '1' não foi atualizado. O ramal não foi encontrado.");
  });
});

describe('1.1.23: status_ramal', () => {
  const state = (agentId: number, extension: string, fields: Partial<AgentState> = {}): AgentState => ({
    agentId: asId<AgentId>(agentId),
    name: '',
    extension: asExtension(extension),
    statusId: asId<UserStatusId>(1),
    phoneStatus: 0,
    registered: true,
    state: 'free',
    sinceAt: 1,
    queueIds: [],
    callId: null,
    campaignId: null,
    ...fields,
  });
  const common = { campaignId: null, contactId: null, phoneId: null, queueId: null, trunkId: asId<TrunkId>(1), routeId: null, dialog: {} };
  const inCall = (callId: CallId): void =>
    stage.bus.publish('signal.agent-state', state(21, '10005', { state: 'talking', phoneStatus: 1, callId }));

  test('of one who is in no call', async () => {
    stage.bus.publish('signal.agent-state', state(5, '40009', { statusId: asId<UserStatusId>(2), phoneStatus: 4 }));
    stage.bus.publish('signal.agent-state', state(55, '20010', { statusId: asId<UserStatusId>(55) }));
    await eventually(async () => (await get('api/status_ramal?ramal=20010')) !== 'Rodrigo Vieira;20010;Desconectado;Deslogado;2');
    expect(await get('api/status_ramal?id=5')).toBe('Eduardo Moreira;40009;Desconectado;Deslogado;2');
    expect(await get('api/status_ramal?ramal=20010')).toBe('Rodrigo Vieira;20010;Livre;Intervalo Almoço;55');
    await provoke('1.1.23', 'extension-unknown', 'api/status_ramal?ramal=1', 'RAMAL NAO ENCONTRADO');
    await provoke('1.1.23', 'extension-unknown', 'api/status_ramal', 'RAMAL NAO ENCONTRADO');
  });
  test('of one in an outbound, an inbound and a campaign call', async () => {
    stage.setNow(10_000_000);
    const active = asCallId('768.484154');
    stage.bus.publish('fact.CallPlaced', fact('CallPlaced', 9_000_000, { ...common, callId: active, direction: 'agent', from: '10005', to: '22154748', extension: asExtension('10005') }));
    stage.bus.publish('fact.CallAnswered', fact('CallAnswered', 9_999_000, { ...common, callId: active, direction: 'agent', ringMs: 1, from: '10005', to: '22154748' }));
    inCall(active);
    await eventually(async () => (await get('api/status_ramal?ramal=10005')).includes('Ativa'));
    // The example leaves the duration out that "Retornos" has.
    expect(await get('api/status_ramal?ramal=10005')).toBe('Carlos da Silva;10005;Ativa;22154748;768.484154;1');

    const inbound = asCallId('769.1');
    stage.bus.publish('fact.CallPlaced', fact('CallPlaced', 9_000_000, { ...common, callId: inbound, direction: 'inbound', from: '1133553434', to: '30000000', extension: null }));
    stage.bus.publish('fact.CallAnswered', fact('CallAnswered', 9_990_000, { ...common, callId: inbound, direction: 'inbound', ringMs: 1, from: '1133553434', to: '30000000' }));
    inCall(inbound);
    await eventually(async () => (await get('api/status_ramal?ramal=10005')).includes('Receptiva'));
    expect(await get('api/status_ramal?ramal=10005')).toBe('Carlos da Silva;10005;Receptiva;1133553434;30000000;769.1;10;');

    const contactId = asId<ContactId>(4);
    const campaignId = asId<CampaignId>(1);
    const imported = fact('ContactImported', 0, { contactId, campaignId, parameters: ['127846', '0001'], phones: [], source: '', by: { kind: 'system' } });
    await stage.context.events.append({ streamId: streams.contact(contactId), expectedVersion: 'none', events: [{ type: imported.type, data: imported.data as never, at: 0 }] });
    const dialed = asCallId('770.1');
    stage.bus.publish('fact.AttemptStarted', fact('AttemptStarted', 9_000_000, { callId: dialed, contactId, campaignId, phoneId: asId<PhoneId>(1), areaCode: '21', number: '81793134', dialString: '02181793134', trunkId: asId<TrunkId>(1), routeId: asId<RouteId>(1), callerId: '', reason: 'fresh', agentId: null }));
    stage.bus.publish('fact.CallAnswered', fact('CallAnswered', 9_970_000, { ...common, callId: dialed, contactId, campaignId, direction: 'campaign', ringMs: 1, from: '', to: '02181793134' }));
    inCall(dialed);
    await eventually(async () => (await get('api/status_ramal?ramal=10005')).includes(';127846;'));
    expect(await get('api/status_ramal?ramal=10005')).toBe('Carlos da Silva;10005;Discador;1;Campanha Clientes X;127846;0001;770.1;2181793134;30');
    stage.setNow(undefined);
  });
});

describe('1.1.20: discar, and the key', () => {
  const dialing: Requests['acd.dial']['reply'] = { ok: true, callId: asCallId('1.1') };

  test('without a key configured nobody may dial', async () => {
    await provoke('1.1.20', 'key-invalid', `api/discar?numero=984160601&ramal=10005&chave=${key}`, 'CHAVE DA API INVÁLIDA');
  });

  test('once a key is configured every function wants it', async () => {
    stage.put('settings', { id: 1, apiKey: key });
    stage.answer('acd.dial', dialing);
    for (const { name } of httpFunctions) expect(await get(`api/${name}?ramal=10005`)).toBe('CHAVE DA API INVÁLIDA');
    await provoke('1.1', 'key-invalid', 'api/status?chave=errada', 'CHAVE DA API INVÁLIDA');
    expect(await get(`api/campanhas?chave=${key}`)).toContain('1;Campanha Clientes X');
    expect(await get(`api/campanhas?chave_seguranca=${key}`)).toContain('1;Campanha Clientes X');
  });

  test('an ordinary extension is rung, then the number', async () => {
    await provoke('1.1.20', 'dialing', `api/discar?numero=984160601&ramal=10005&chave=${key}`, 'DISCANDO');
    expect(stage.asked.at(-1)).toMatchObject({ subject: 'acd.dial', request: { extension: '10005', number: '984160601' } });
    await provoke('1.1.20', 'parameters-invalid', `api/discar?numero=&ramal=10005&chave=${key}`, 'PARAMETROS INCORRETOS OU INVALIDOS');
    await provoke('1.1.20', 'parameters-invalid', `api/discar?numero=abc&ramal=10005&chave=${key}`, 'PARAMETROS INCORRETOS OU INVALIDOS');
    stage.answer('acd.dial', { ok: false, code: 'not-registered' });
    await provoke('1.1.20', 'parameters-invalid', `api/discar?numero=984160601&ramal=10005&chave=${key}`, 'PARAMETROS INCORRETOS OU INVALIDOS');
  });

  test('a hardphone is asked by its own URL: the example of Khomp', async () => {
    await provoke('1.1.20', 'dialing', `api/discar?numero=2222&ramal=40045&chave=${key}`, 'DISCANDO');
    expect(phoneCalls.at(-1)).toEqual({
      url: '/goform/SavePhoneCAllInfoCfg?DialNumber=2222&Operate=Dail&BlackListAccountID=127',
      authorization: `Basic ${Buffer.from('root:root').toString('base64')}`,
    });
    phoneStatus = 401;
    expect(await get(`api/discar?numero=2222&ramal=40045&chave=${key}`)).toBe('PARAMETROS INCORRETOS OU INVALIDOS');
    phoneStatus = 200;
    expect(await get(`api/discar?numero=2222&ramal=40046&chave=${key}`)).toBe('PARAMETROS INCORRETOS OU INVALIDOS');
  });

  test('a shared extension is asked by its own URL: the example of Grandstream', async () => {
    expect(await get(`api/discar?numero=12345&ramal=50001&chave=${key}`)).toBe('DISCANDO');
    expect(phoneCalls.at(-1)?.url).toBe('/cgi-bin/api-make_call?phonenumber=12345&account=0&password=admin');
    const at = { agentId: asId<AgentId>(27), name: '', extension: asExtension('40111'), statusId: asId<UserStatusId>(1), phoneStatus: 0, registered: true, state: 'free', sinceAt: 1, queueIds: [], callId: null, campaignId: null } as const;
    stage.bus.publish('signal.agent-state', { ...at, sharedExtension: asExtension('50001') });
    await eventually(async () => (await get(`api/discar?numero=54321&ramal=40111&chave=${key}`)) === 'DISCANDO');
    expect(phoneCalls.at(-1)?.url).toBe('/cgi-bin/api-make_call?phonenumber=54321&account=0&password=admin');
  });

  test('the log tells who called what and never the key', () => {
    const lines = stage.logged.filter(({ msg }) => msg === 'api');
    expect(lines.at(-1)).toMatchObject({ caller: '127.0.0.1', function: 'discar', answer: 'DISCANDO' });
    expect(JSON.stringify(stage.logged)).not.toContain(key);
  });

  test('an address that is not allowed is refused', async () => {
    stage.put('settings', { id: 1, apiKey: key, httpAllow: ['10.0.0.0/8', '!127.0.0.1'] });
    const response = await fetch(`http://127.0.0.1:${app.port()}/api/campanhas?chave=${key}`);
    expect([response.status, await response.text()]).toEqual([403, 'IP NAO TEM AUTORIZACAO PARA ACESSAR A API']);
    stage.put('settings', { id: 1 });
  });
});

test('every line of the catalogue of section 1.1 was provoked', () => {
  const transport = new Set(['1.1 function-unknown', '1.1 address-refused', '1.1 unavailable']);
  const lines = Object.entries(answers)
    .filter(([section]) => section.startsWith('1.1'))
    .flatMap(([section, texts]) => Object.keys(texts).map((id) => `${section} ${id}`));
  expect(lines.filter((each) => !seen.has(each) && !transport.has(each))).toEqual([]);
});
