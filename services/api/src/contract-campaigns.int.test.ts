/** Section 1.1 word for word, campaigns: every example of the manual, and every line under "Retornos" provoked. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '@ritmo/contract/testing';
import { asCallId, asId, streams, type CampaignId, type QueueId, type TrunkId } from '@ritmo/domain';
import { describe, expect, test } from 'vitest';
import { app, base, db, everyLineWasProvoked, get, onTheContractStage, provoke, refuse, stage } from './testing.ts';

onTheContractStage();

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
    // Number, status, agent, seconds of the last call of each; of the first phone an earlier one too, and a phone that was never dialed.
    const example = [
      ['127846', '0001', '2181793134', 3, 21, 85],
      ['467351', '0002', '9889254691', 8, null, 5],
      ['400173', '0001', '6235236544', 6, 10, 96],
      ['147494', '0002', '1184826400', 12, null, 54],
      ['397547', '0001', '2192053545', 7, 21, 30],
    ] as const;
    const at = (seconds: number): string => `'2020-01-01 10:00:00', timestamp '2020-01-01 10:00:00' + interval '${seconds} seconds'`;
    await db.database.query(`INSERT INTO views.results VALUES ('1.0', 0, NULL, false, ${at(7)}); INSERT INTO views.phones VALUES (99, 1, 27, '2133330000', NULL, NULL)`);
    for (const [index, [parameter1, parameter2, phone, status, agent, seconds]] of example.entries()) {
      await db.database.query('INSERT INTO views.contacts VALUES ($1, $2, $3)', [index + 1, parameter1, parameter2]);
      await db.database.query('INSERT INTO views.phones VALUES ($1, $1, 27, $2, $3, $4)', [index + 1, phone, status, `1.${index + 1}`]);
      await db.database.query(`INSERT INTO views.results VALUES ($1, $2, $3, $4, ${at(seconds)})`, [`1.${index + 1}`, index + 1, agent, agent !== null]);
    }
    const text = '21;127846;0001;21;81793134;3;85\n;467351;0002;98;89254691;8;5\n10;400173;0001;62;35236544;6;96\n;147494;0002;11;84826400;12;54\n21;397547;0001;21;92053545;7;30';
    expect(await get('api/ligacoes_campanha?campanha=27')).toBe(text);
    expect(await get(`api/${encodeURIComponent('ligações_campanha')}?campanha=27`)).toBe(text);
    await provoke('1.1.8', 'campaign-unknown', 'api/ligacoes_campanha?campanha=2000', 'CAMPANHA NÃO ENCONTRADA');
    await provoke('1.1.8', 'no-calls', 'api/ligacoes_campanha?campanha=28', 'NAO HÁ LIGAÇÕES DE CAMPANHA');
    // More than one page of the database.
    await db.database.query(`INSERT INTO views.phones SELECT 1000 + n, 1, 28, '2181793134', 8, '1.0' FROM generate_series(1, 4500) n`);
    const lines = (await get('api/ligacoes_campanha?campanha=28')).split('\n');
    expect([lines.length, new Set(lines)]).toEqual([4_500, new Set([';127846;0001;21;81793134;8;7'])]);
    stage.remove('campaign', 27);
    stage.remove('campaign', 28);
  });
  test('fila_espera', async () => {
    const waiting = [
      ['1195894637', 2124.578],
      ['1129563288', 3354.878],
      ['1133556214', 3452.456],
      ['1120425638', 4025.787],
      ['1142359987', 4124.548],
      ['1142145789', 4354.757],
      ['1172356598', 5121.247],
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
    expect(await get('api/fila_espera?fila=call_center')).toBe(
      '1;1195894637;2.124578\n2;1129563288;3.354878\n3;1133556214;3.452456\n4;1120425638;4.025787\n5;1142359987;4.124548\n6;1142145789;4.354757\n7;1172356598;5.121247',
    );
    expect(await get('api/fila_espera?fila=CALL_CENTER')).toMatch(/^1;1195894637;/);
    await provoke('1.1.12', 'queue-unknown', 'api/fila_espera?fila=outra', 'FILA NAO ENCONTRADA');
    await provoke('1.1.12', 'queue-unknown', 'api/fila_espera', 'FILA NAO ENCONTRADA');
  });
  test('grupos_de_atendimento', async () => {
    stage.put('agent', { id: 26, name: 'Rafael Franco Prazeres', extension: '40110', ...base });
    stage.put('queue', { id: 3, name: 'Suporte' });
    await db.database.query(
      `INSERT INTO public.grupos_de_atendimento_logs VALUES
         (1, 2, 21, 1382, 27, '1130761239', '2010-11-04 09:51:12'), (2, 2, 2, 63, 9, '1131888490', '2010-11-04 10:10:00'),
         (3, 2, 6, 49, 26, '1131888490', '2010-11-04 10:12:00'), (4, 2, 5, 41, 27, '1123312836', '2010-11-04 10:31:00'),
         (5, 2, 5, 426, 9, '1123312836', '2010-11-04 10:33:00'), (6, 2, 4, 33, 26, '1130761244', '2010-11-04 10:51:00'),
         (7, 2, 11, 45, 26, '1189883083', '2010-11-04 11:18:00'), (8, 2, 6, 96, 9, '1132425871', '2010-11-04 11:26:00'),
         (9, 3, 7, 0, NULL, '1131888499', '2010-11-04 23:59:59'), (10, 2, 7, 0, NULL, '1131888499', '2010-11-05 00:00:00')`,
    );
    // The example asks for the 10th of October and shows the 4th of November.
    const example = `2;Comercial
27;40111;Ana Paula Santos;1130761239;1382;21;ATENDIDA OPERADOR;04/11/2010 09:51
9;40119;Marina Fagundes Romero;1131888490;63;2;ATENDIDA OPERADOR;04/11/2010 10:10
26;40110;Rafael Franco Prazeres;1131888490;49;6;ATENDIDA OPERADOR;04/11/2010 10:12
27;40111;Ana Paula Santos;1123312836;41;5;ATENDIDA OPERADOR;04/11/2010 10:31
9;40119;Marina Fagundes Romero;1123312836;426;5;ATENDIDA OPERADOR;04/11/2010 10:33
26;40110;Rafael Franco Prazeres;1130761244;33;4;ATENDIDA OPERADOR;04/11/2010 10:51
26;40110;Rafael Franco Prazeres;1189883083;45;11;ATENDIDA OPERADOR;04/11/2010 11:18
9;40119;Marina Fagundes Romero;1132425871;96;6;ATENDIDA OPERADOR;04/11/2010 11:26`;
    const day = `${example}\n3;Suporte\n;;;1131888499;0;7;NAO ATENDIDA;04/11/2010 23:59`;
    expect(await get('api/grupos_de_atendimento?dia=04&mes=11&ano=2010')).toBe(day);
    expect(await get('api/grupos_de_atendimento?dia=4&mes=11&ano=2010')).toBe(day);
    await provoke('1.1.14', 'nothing-found', 'api/grupos_de_atendimento?dia=10&mes=10&ano=2010', 'INFORMAÇÕES NÃO LOCALIZADAS');
    await provoke('1.1.14', 'nothing-found', 'api/grupos_de_atendimento?dia=31&mes=2&ano=2010', 'INFORMAÇÕES NÃO LOCALIZADAS');
    await provoke('1.1.14', 'nothing-found', 'api/grupos_de_atendimento', 'INFORMAÇÕES NÃO LOCALIZADAS');
  });
});

test('1.1.13 gravacao: the examples, and every refusal', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'gravacao-'));
  const part = (n: number) => ({ recordingId: 84530 + n, part: n, file: join(folder, `${n}.wav`), bytes: 5, durationMs: 1 });
  for (const n of [1, 2]) await writeFile(join(folder, `${n}.wav`), `RIFF${n}`);
  stage.answer('recorder.find', ({ callId, recordingId }) => ({
    parts: callId === '1272916393.14005' ? [part(1), part(2)] : callId === '1272916393.14006' ? [part(1)] : recordingId === 84532 ? [part(2)] : recordingId === 84533 ? [part(3)] : [],
  }));
  const wav = async (path: string, init: RequestInit = {}): Promise<unknown[]> => {
    const response = await fetch(`http://127.0.0.1:${app.port()}/${path}`, init);
    return [response.status, response.headers.get('content-type'), await response.text()];
  };
  expect(await wav('api/gravacao?codigo_ligacao=1272916393.14005&parte=2')).toEqual([200, 'audio/wav', 'RIFF2']);
  expect(await wav('api/gravacao?codigo_monitoria=84532')).toEqual([200, 'audio/wav', 'RIFF2']);
  expect(await wav('api/gravacao?codigo_ligacao=1272916393.14006')).toEqual([200, 'audio/wav', 'RIFF1']);
  expect(await wav('api/gravacao', { method: 'POST', body: new URLSearchParams({ codigo_ligacao: '1272916393.14005', parte: '01' }) })).toEqual([200, 'audio/wav', 'RIFF1']);
  await provoke('1.1.13', 'several-recordings', 'api/gravacao?codigo_ligacao=1272916393.14005', 'MAIS DE UM ARQUIVO ENCONTRADO, ESPECIFIQUE QUAL PARTE DESEJA OBTER');
  await provoke('1.1.13', 'part-unknown', 'api/gravacao?codigo_ligacao=1272916393.14005&parte=3', 'PARTE ESPECIFICADA NÃO EXISTE');
  await provoke('1.1.13', 'no-recording', 'api/gravacao?codigo_ligacao=1.1', 'NENHUMA GRAVAÇÃO ENCONTRADA');
  await provoke('1.1.13', 'no-recording', 'api/gravacao', 'NENHUMA GRAVAÇÃO ENCONTRADA');
  // The file of this part is gone from the disk.
  await provoke('1.1.13', 'no-recording', 'api/gravacao?codigo_monitoria=84533', 'NENHUMA GRAVAÇÃO ENCONTRADA');
  await provoke('1.1.13', 'no-recording', 'api/gravacao?codigo_monitoria=abc', 'NENHUMA GRAVAÇÃO ENCONTRADA');
  await rm(folder, { recursive: true });
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
  test('a part has the number that it has in the view', async () => {
    await db.database.query(`INSERT INTO public.status_servidores VALUES (1, 'Servidor Banco de Dados', ''), (2, 'Servidor Aplicação 1', ''), (3, 'Servidor Aplicação 2', ''), (9, 'Disco', '')`);
    stage.context.health.register('Servidor Aplicação 2', () => ({ status: 'CRITICAL', detail: 'Uso de Memoria SWAP 21%' }));
    const lines = (await get('api/status_servidores')).split('\n');
    expect(lines.slice(0, 3)).toEqual(['1;Servidor Banco de Dados;OK', '2;Servidor Aplicação 1;WARNING - Particao /backup 84%', '3;Servidor Aplicação 2;CRITICAL - Uso de Memoria SWAP 21%']);
    expect(lines.find((each) => each.startsWith('9;'))).toMatch(/^9;Disco;/);
    expect(new Set(lines.map((each) => each.split(';')[0])).size).toBe(lines.length);
  });
  test('services of other processes are well when they answer', async () => {
    stage.answer('dialer.status', { campaigns: [] });
    const lines = async (): Promise<readonly string[]> => (await get('api/status_servidores')).split('\n').map((each) => each.replace(/^\d+;/, ''));
    expect(await lines()).toEqual(expect.arrayContaining(['dialer;OK', 'acd;OK', expect.stringMatching(/^Projetor;CRITICAL - ./)]));
    stage.answer('dialer.status', () => {
      throw new Error('gone');
    });
    expect(await lines()).toEqual(expect.arrayContaining([expect.stringMatching(/^dialer;CRITICAL - .*gone/)]));
  });
  test('a trunk that nobody speaks for is not well, and one that is gone is not shown', async () => {
    stage.put('trunk', { id: 3, name: 'Vonex 3', host: '127.0.0.1' });
    stage.answer('telephony.trunks', () => {
      throw new Error('telephony is away');
    });
    expect((await get('api/status_servidores')).split('\n').map((each) => each.replace(/^\d+;/, ''))).toEqual(
      expect.arrayContaining([expect.stringMatching(/^Barramento;CRITICAL - .*telephony is away$/), 'SIP TRUNK Vonex 3;CRITICAL - SIP TRUNK Vonex 3 (UNREACHABLE)']),
    );
    stage.answer('telephony.trunks', { trunks: [] });
    expect(await get('api/status_servidores')).not.toContain('SIP TRUNK');
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
    expect(await get('api/adicionar_usuario_com_perfil?ramal_padrao=40018&ramal=44554&nome=Total')).toBe("Usuário '44554' criado com sucesso");
    expect(stage.context.directory.all('agent').find(({ extension }) => extension === '44554')).toMatchObject({ name: 'Total', password: '12345678' });
    expect(await get('api/adicionar_usuario_com_perfil?ramal_padrao=40018&ramal=44556')).toBe("Usuário '44556' criado com sucesso");
    expect(stage.context.directory.all('agent').find(({ extension }) => extension === '44556')).toMatchObject({ name: '44556', password: '12345678' });
    await provoke('1.1.19', 'user-not-created', 'api/adicionar_usuario_com_perfil?ramal=44557', "Usuário '44557' não foi criado.");
    await provoke('1.1.19', 'user-not-created-name', 'api/adicionar_usuario_com_perfil?ramal_padrao=40018&ramal=44558&nome=Total IP', "Usuário '44558' não foi criado. O nome Total IP já está em uso por outro usuário.");
    await provoke('1.1.19', 'user-not-created-reason', example, "Usuário '44555' não foi criado. O ramal já está em uso por outro usuário.");
    expect(await get('api/adicionar_usuario_com_perfil?ramal_padrao=1&ramal=44557')).toBe("Usuário '44557' não foi criado. O ramal padrão não foi encontrado.");
    expect(await get('api/adicionar_usuario_com_perfil?ramal_padrao=40018&ramal=44557&email=nada')).toBe("Usuário '44557' não foi criado. O e-mail não é válido.");
    expect(await get('api/adicionar_usuario_com_perfil?ramal_padrao=40018&ramal=4455A')).toBe("Usuário '4455A' não foi criado. O ramal deve ter de 2 a 10 dígitos.");
    expect(await get('api/adicionar_usuario_com_perfil?ramal_padrao=40018&ramal=44557&senha=123')).toBe("Usuário '44557' não foi criado. A senha deve ter pelo menos 4 caracteres.");
    expect(await get('api/adicionar_usuario_com_perfil?ramal_padrao=40018&ramal=50001')).toBe("Usuário '50001' não foi criado. O ramal já está em uso como ramal compartilhado.");
    expect(await get('api/adicionar_usuario_com_perfil?ramal_padrao=40018')).toBe("Usuário '' não foi criado.");
  });
  test('users made at the same moment all come into the queues of their model', async () => {
    const extensions = Array.from({ length: 12 }, (_, index) => String(45_500 + index));
    await Promise.all(extensions.map((extension) => get(`api/adicionar_usuario_com_perfil?ramal_padrao=40018&ramal=${extension}`)));
    const made = stage.context.directory.all('agent').filter(({ extension }) => extensions.includes(extension));
    const members = stage.context.directory.get('queue', 2)?.members.map(({ agentId }) => agentId) ?? [];
    expect(made).toHaveLength(12);
    expect(made.filter(({ id }) => !members.includes(id))).toEqual([]);
  });
  test('atualizar_usuario_com_perfil', async () => {
    const example = 'api/atualizar_usuario_com_perfil?ramal_padrao=40018&ramal=44555&nome=TotalIP&email=totalip@totalip.com.br&celular=33553434&senha=122345678';
    await provoke('1.1.19.1', 'user-updated', example, "Usuário '44555' atualizado com sucesso.");
    expect(stage.context.directory.all('agent').find(({ extension }) => extension === '44555')).toMatchObject({ name: 'TotalIP', mobile: '33553434' });
    expect(await get('api/atualizar_usuario_com_perfil?ramal_padrao=40018&ramal=44555&nome=Total IP&email=totalip@totalip.com.br&senha=122345678')).toBe("Usuário '44555' atualizado com sucesso.");
    expect(stage.context.directory.all('agent').find(({ extension }) => extension === '44555')).toMatchObject({ name: 'Total IP', mobile: '33553434', password: '122345678' });
    expect(await get('api/atualizar_usuario_com_perfil?ramal_padrao=40018&ramal=44555')).toBe("Usuário '44555' atualizado com sucesso.");
    expect(stage.context.directory.all('agent').find(({ extension }) => extension === '44555')).toMatchObject({ name: 'Total IP', password: '122345678', maxCallbacks: 7 });
    // The profile is the model's; being blocked is the person's.
    expect(await get('api/atualizar_usuario_com_perfil?ramal_padrao=40018&ramal=70000')).toBe("Usuário '70000' atualizado com sucesso.");
    expect(stage.context.directory.get('agent', 70)).toMatchObject({ name: 'Bloqueado', blocked: true, maxCallbacks: 7 });
    await provoke('1.1.19.1', 'user-not-updated', 'api/atualizar_usuario_com_perfil?ramal=44555', "Usuário '44555' não foi atualizado.");
    await provoke('1.1.19.1', 'user-not-updated-name', 'api/atualizar_usuario_com_perfil?ramal_padrao=40018&ramal=44555&nome=Modelo', "Usuário '44555' não foi atualizado. O nome Modelo já está em uso por outro usuário.");
    await provoke('1.1.19.1', 'user-not-updated-reason', 'api/atualizar_usuario_com_perfil?ramal_padrao=40018&ramal=1', "Usuário '1' não foi atualizado. O ramal não foi encontrado.");
  });
});

everyLineWasProvoked('campaigns');
