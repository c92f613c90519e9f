/**
 * The HTTP functions of section 1.1 against the whole system: not only is the documented line answered, what it says is done. The
 * lines themselves are provoked one by one in services/api; here a real phone logs in, a real person is called.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { asCallId } from '@ritmo/domain';
import { startAgents } from '@ritmo/testing';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { demoCampaignId } from '../src/demo/demo-config.ts';
import { until, WholeSystem } from './whole-system.ts';

const patience = 120_000;
const key = 'db39eded0adfd54d1ce03d23dc333787';
vi.setConfig({ testTimeout: patience });
/** What the desk phones' own web pages were asked. */
const asked: string[] = [];
let system: WholeSystem;

const url = (call: string): string => system.url(call);
const api = (call: string): Promise<string> => system.api(call);
const rows = <Row>(sql: string): Promise<readonly Row[]> => system.rows<Row>(sql);
const answers = (call: string, text: string): Promise<unknown> => until(`${call}: ${text}`, async () => (await api(call)) === text);
/** The carrier wants a 0 before every number; integrators never see it. */
const callsTo = (number: string) => system.carrier.stats().calls.filter((call) => call.number === `0${number}`);
const localDay = (): readonly string[] => new Intl.DateTimeFormat('pt-BR', { timeZone: 'America/Sao_Paulo' }).format(new Date()).split('/');

beforeAll(async () => {
  const phones = createServer((request, response) => {
    asked.push(request.url ?? '');
    response.end('{"response":"success","body":true}');
  });
  await new Promise<void>((resolve) => phones.listen(0, '127.0.0.1', resolve));
  const phoneAddress = `127.0.0.1:${(phones.address() as AddressInfo).port}`;
  const more = [
    { id: 3, name: 'Telefone de mesa', extension: '2003', kind: 'hardphone', phoneModel: 'khomp', phoneAddress, phonePassword: 'root' },
    { id: 4, name: 'Bloqueada', extension: '2004', blocked: true },
    { id: 5, name: 'Sem softphone', extension: '2005' },
  ].map((agent) => ({ password: 'segredo', ...agent }));
  system = await WholeSystem.start({
    name: 'functions', agents: 2, mode: 'progressive', apiKey: key,
    carrier: {
      seed: 3, mix: { answerDelayMs: { min: 300, max: 400 }, talkMs: { min: 60_000, max: 60_000 }, hangsUpFirstP: 0 },
      rules: [
        { lastDigits: '989254691', behaviour: 'busy' },
        { lastDigits: '999990003', behaviour: 'no-answer' },
      ],
    },
    seed: ({ trunks, agents = [], queues, campaigns }) => ({
      trunks: [{ ...trunks?.[0], dialFormat: '0{areaCode}{number}' }],
      settings: { apiKey: key, maxExtensions: 2 },
      agents: [...agents, ...more],
      sharedExtensions: [{ id: 1, extension: '50001', password: 'segredo', phoneModel: 'grandstream', phoneAddress, phonePassword: 'admin' }],
      queues: [{ ...queues?.[0], numbers: ['1140040000'], wrapUpS: 0 }],
      campaigns: [
        { ...campaigns?.[0], parameters: ['Contrato', 'Nome', 'Cidade'], maxPhones: 3, maxCallbacksPerContact: 1, ringTimeoutMs: 10_000, retries: [] },
        { id: 101, name: 'Outra', queueId: 10 },
      ],
    }),
    phones: { seed: 4, extensions: ['2001', '2002'], answerDelayMs: { min: 300, max: 400 }, talkMs: { min: 2_000, max: 2_500 }, hangsUpP: 1 },
  });
  system.closeFirst(() => new Promise((resolve) => phones.close(resolve)));
  await system.ready(2);
  await answers('status_ramal?ramal=2002', 'Operador 02;2002;Livre;Logado;1');
}, patience);

afterAll(() => system.stop(), patience);

describe('1.1.1 to 1.1.6, 1.1.25, 1.1.26: who works', () => {
  test('login and logout of a softphone, with the licences of the installation', async () => {
    expect(await api('login?ramal=2005')).toBe('SOFTPHONE NÃO ESTÁ CONECTADO');
    expect(await api('login?ramal=2004')).toBe('RAMAL ESTA BLOQUEADO');
    expect(await api('login?ramal=2999')).toBe('RAMAL NÃO ENCONTRADO');
    // Both licences are taken: nobody comes in, by whichever door.
    expect(await api('login_hardphone?ramal=2003')).toBe('LICENÇA DE RAMAIS EXCEDIDA');
    expect(await api('set_status?ramal=2005&status_id=5')).toBe('LICENÇA DE RAMAIS EXCEDIDA');
    expect(await api('set_pause?ramal=2005')).toBe('LICENÇA DE RAMAIS EXCEDIDA');
    await answers('status_ramal?ramal=2005', 'Sem softphone;2005;Desconectado;Deslogado;2');
    expect(await api('logout?ramal=2001')).toBe('RAMAL DESLOGADO COM SUCESSO');
    await answers('status_ramal?ramal=2001', 'Operador 01;2001;Livre;Deslogado;2');
    await until('the view', async () => (await rows<{ s: string }>("SELECT status_usuario AS s FROM usuarios WHERE ramal = '2001'"))[0]?.s === 'Deslogado');
    expect(await api('login?ramal=2001')).toBe('RAMAL LOGADO COM SUCESSO');
    await answers('status_ramal?ramal=2001', 'Operador 01;2001;Livre;Logado;1');
  });

  test('a hardphone, and a softphone user at a shared extension', async () => {
    expect(await api('logout?ramal=2002')).toBe('RAMAL DESLOGADO COM SUCESSO');
    expect(await api('login_hardphone?ramal=2003')).toBe('RAMAL LOGADO COM SUCESSO');
    await answers('status_ramal?ramal=2003', 'Telefone de mesa;2003;Desconectado;Logado;1');
    expect(await api('login?ramal=2003')).toBe('NAO É POSSÍVEL EFETUAR LOGIN DE HARDPHONE VIA API');
    expect(await api('logout?ramal=2003')).toBe('NÃO É POSSÍVEL EFETUAR LOGOUT DE HARDPHONE VIA API');
    expect(await api('set_status?ramal=2003&status_id=5')).toBe('NAO E POSSIVEL ALTERAR STATUS DE HARDPHONE');
    expect(await api('logout_hardphone?ramal=2003')).toBe('RAMAL DESLOGADO COM SUCESSO');
    for (const wrong of ['ramal=2002', 'ramal=2002&hardphone=', 'ramal=2002&hardphone=59999', 'ramal=2999&hardphone=50001', 'hardphone=50001']) {
      expect(await api(`login_hardphone?${wrong}`)).toBe('RAMAL NÃO ENCONTRADO');
    }
    expect(await api('login_hardphone?ramal=2002&hardphone=50001')).toBe('RAMAL LOGADO COM SUCESSO');
    await answers('discar?numero=12345&ramal=2002', 'DISCANDO');
    expect(asked.at(-1)).toBe('/cgi-bin/api-make_call?phonenumber=12345&account=0&password=admin');
    expect(await api('logout_hardphone?ramal=2002')).toBe('RAMAL DESLOGADO COM SUCESSO');
    expect(await api('logout_hardphone?ramal=2002')).toBe('RAMAL NÃO ENCONTRADO');
    expect(await api('login?ramal=2002')).toBe('RAMAL LOGADO COM SUCESSO');
  });

  test('a pause and a status are those that are then shown', async () => {
    expect(await api('set_pause?ramal=2001')).toBe('PAUSA ALTERADA COM SUCESSO');
    await answers('status_ramal?ramal=2001', 'Operador 01;2001;Livre;Intervalo de Almoço;6');
    expect(await api('set_unpause?ramal=2001')).toBe('PAUSA ALTERADA COM SUCESSO');
    await answers('status_ramal?ramal=2001', 'Operador 01;2001;Livre;Logado;1');
    expect(await api('set_status?ramal=2001&status_id=4')).toBe('STATUS ALTERADO COM SUCESSO');
    await answers('status_ramal?id=1', 'Operador 01;2001;Livre;Reunião;4');
    expect(await api('set_status?ramal=2001&status_id=1')).toBe('STATUS ALTERADO COM SUCESSO');
    expect(await api('set_status?ramal=2001&status_id=77')).toBe('STATUS NÃO EXISTE');
    expect(await api('set_status?ramal=2004&status_id=5')).toBe('RAMAL NÃO ENCONTRADO');
    expect(await api('set_pause?ramal=2004')).toBe('RAMAL NAO ENCONTRADO');
  });
});

describe('1.1.15, 1.1.16, 1.1.21, 1.1.22, 1.1.27: contacts', () => {
  const importing = (fields: string): Promise<string> => api(`importar_discador?id_campanha=101&${fields}`);
  const phonesOf = (parameter1: string) =>
    rows<{ id: number; telefone: string; prioridade: number }>(`SELECT id, telefone, prioridade FROM telefones_campanhas WHERE parametro1 = '${parameter1}' ORDER BY prioridade`);

  test('numbers are imported in every way that people write them', async () => {
    expect(await importing('identificador1=um&telefone1=33553434&telefone2=01933553435&telefone3=5521987654321&ddd4=021&telefone4=2555-1234&telefone5=nenhum')).toBe('4 NUMERO(S) IMPORTADO(S) COM SUCESSO');
    const phones = await until('the phones', async () => {
      const found = await phonesOf('um');
      return found.length === 4 && found;
    });
    expect(phones.map(({ telefone, prioridade }) => [telefone, prioridade])).toEqual([['1133553434', 1], ['1933553435', 2], ['21987654321', 3], ['2125551234', 4]]);
    // The first example of 1.1.21 letter for letter, without the ampersand that it lacks: no number at all.
    expect(await importing('identificador1=Teste113&identificador2=Teste&telefone1=99999998telefone2=33553434&ddd1=11&ddd2=11')).toBe('0 NUMERO(S) IMPORTADO(S) COM SUCESSO');
    expect(await importing('identificador1=Teste113&identificador2=Teste&telefone1=99999998&telefone2=33553434&ddd1=11&ddd2=11')).toBe('2 NUMERO(S) IMPORTADO(S) COM SUCESSO');
  });

  test('a phone is inserted into the one contact that has the parameter, at a free priority', async () => {
    const insert = (fields: string): Promise<string> => api(`inserir_telefone_campanha?id_campanha=${demoCampaignId}&${fields}&codigo_area=11&telefone=33553434`);
    const contact = (fields: string): Promise<string> => api(`importar_discador?id_campanha=${demoCampaignId}&${fields}`);
    await contact('identificador1=a1&identificador3=Campinas&telefone1=33550001');
    for (const twin of ['t1', 't2']) await contact(`identificador1=${twin}&identificador2=gemeos&telefone1=33550002`);
    await contact('identificador1=cheio&telefone8=33550003&telefone9=33550004&telefone10=33550005');
    expect(await insert('parametro=3&valor_parametro=Campinas&prioridade=3')).toBe('TELEFONE INSERIDO');
    await until('the phone', async () => (await phonesOf('a1')).some(({ telefone, prioridade }) => telefone === '1133553434' && prioridade === 3));
    expect(await insert('parametro=1&valor_parametro=a1&prioridade=3')).toBe('JA EXISTE NUMERO DE TELEFONE COM ESTA PRIORIDADE');
    expect(await insert('parametro=1&valor_parametro=a1&prioridade=4')).toBe('PRIORIDADE EXCEDE LIMITE DE TELEFONES DA CAMPANHA');
    expect(await insert('parametro=1&valor_parametro=cheio&prioridade=1')).toBe('LIMITE DE TELEFONES DA CAMPANHA EXCEDIDO');
    expect(await insert('parametro=2&valor_parametro=gemeos&prioridade=2')).toBe('MAIS DE UM CLIENTE ENCONTRADO');
    expect(await insert('parametro=1&valor_parametro=ninguem&prioridade=2')).toBe('CLIENTE NAO ENCONTRADO');
    expect(await insert('parametro=4&valor_parametro=a1&prioridade=2')).toBe('PARAMETRO NAO EXISTE');
  });

  test('a parameter is changed, and the contact is found by its new value only', async () => {
    const change = (value: string, newValue: string): Promise<string> =>
      api(`alterar_cliente?id_campanha=${demoCampaignId}&parametro=3&valor_parametro=${value}&novo_parametro=3&valor_novo_parametro=${newValue}`);
    expect(await change('Campinas', 'Santos')).toBe('CLIENTE ALTERADO');
    expect(await change('Campinas', 'Osasco')).toBe('CLIENTE NAO ENCONTRADO');
    expect(await change('Santos', 'Osasco')).toBe('CLIENTE ALTERADO');
    await until('the view', async () => (await rows("SELECT 1 FROM telefones_campanhas WHERE parametro1 = 'a1' AND parametro3 = 'Osasco'")).length === 2);
    expect(await api(`alterar_cliente?id_campanha=${demoCampaignId}&parametro=2&valor_parametro=gemeos&novo_parametro=3&valor_novo_parametro=x`)).toBe('MAIS DE UM CLIENTE ENCONTRADO');
  });

  test('a status is saved for the phone, a callback within its limits', async () => {
    const save = (fields: string): Promise<string> => api(`set_status_telefones_campanhas?parametro1=a1&numerodotelefone=33553434&id_campanha=${demoCampaignId}&ramal=2001&${fields}`);
    const statusOf = async (): Promise<unknown> => (await rows<{ s: number | null }>("SELECT id_status AS s FROM telefones_campanhas WHERE parametro1 = 'a1' AND telefone = '1133553434'"))[0]?.s;
    expect(await save('id_status=3&data=300320120837')).toBe('STATUS CADASTRADO COM SUCESSO');
    await until('the status', async () => (await statusOf()) === 3);
    expect(await save('id_status=1002&data=300320120837')).toBe('O AGENDAMENTO DEVER SER PARA UMA DATA FUTURA');
    expect(await save('id_status=1002&data=300320400837')).toBe('STATUS CADASTRADO COM SUCESSO');
    await until('the callback', async () => (await statusOf()) === 1002);
    expect(await save('id_status=1002&data=310320400837')).toBe('AGENDAMENTOS EXCEDIDOS');
    expect(await save('id_status=999')).toBe('STATUS INFORMADO NAO EXISTE');
    expect(await save('id_status=3&ramal=2999')).toBe('USUARIO TOTALIP NAO LOCALIZADO');
    expect(await save('id_status=3&numerodotelefone=33559999')).toBe('CLIENTE NAO LOCALIZADO NA CAMPANHA');
    for (const campaign of [0, 101, 999]) expect(await save(`id_status=3&id_campanha=${campaign}`)).toBe('CLIENTE NAO LOCALIZADO NA CAMPANHA');
  });

  test('one phone and a whole campaign are excluded, and the table of exclusions shows both', async () => {
    const [phone] = await phonesOf('um');
    expect(await api(`excluir_telefone_campanha?id_telefone=${phone?.id ?? 0}`)).toBe('TELEFONE EXCLUIDO');
    expect(await api(`excluir_telefone_campanha?id_telefone=${phone?.id ?? 0}`)).toBe('TELEFONE NAO ENCONTRADO');
    await until('the phone to go', async () => (await phonesOf('um')).length === 3);
    expect(await api('excluir_telefone_campanha?id_campanha=101')).toBe('TELEFONES DA CAMPANHA EXCLUIDOS');
    expect(await importing('identificador1=depois&telefone1=33553434')).toBe('1 NUMERO(S) IMPORTADO(S) COM SUCESSO');
    await until('what came after it alone', async () => {
      const left = await rows<{ parametro1: string }>('SELECT parametro1 FROM telefones_campanhas WHERE campanha_id = 101');
      return left.length === 1 && left[0]?.parametro1 === 'depois';
    });
    expect(await api('excluir_telefone_campanha?id_campanha=999')).toBe('CAMPANHA NAO ENCONTRADA');
    expect(await rows('SELECT id_telefone, id_campanha, executado FROM excluir_telefone_campanha ORDER BY id')).toEqual([
      { id_telefone: phone?.id, id_campanha: null, executado: true },
      { id_telefone: null, id_campanha: 101, executado: true },
    ]);
  });
});

test('1.1.19: a user made by profile logs in at the telephone, and is in the queues of the model', async () => {
  expect(await api('adicionar_usuario_com_perfil?ramal_padrao=2001&ramal=2010&nome=Novo')).toBe("Usuário '2010' criado com sucesso");
  expect(await api('logout?ramal=2002')).toBe('RAMAL DESLOGADO COM SUCESSO');
  const phone = await startAgents({ registrar: { host: '127.0.0.1', port: system.ritmo.ports.sip ?? 0 }, seed: 5, accounts: [{ extension: '2010', password: '12345678' }] });
  await until('the registration', async () => /;Livre;Logado;1$/.test(await api('status_ramal?ramal=2010')));
  await until('the queue', async () => (await rows("SELECT 1 FROM grupo_de_atendimento_usuarios u JOIN usuarios s ON s.id = u.usuario_id WHERE s.nome = 'Novo'")).length === 1);
  await phone.stop();
  await until('the phone to go', async () => /;Desconectado;Deslogado;2$/.test(await api('status_ramal?ramal=2010')));
  expect(await api('login?ramal=2002')).toBe('RAMAL LOGADO COM SUCESSO');
});

test('1.1.20: discar rings the agent, and the number only once the agent has answered', async () => {
  const offers = system.agents.stats().offers;
  system.agents.change({ answerDelayMs: { min: 1_500, max: 1_600 } });
  expect(await api('discar?numero=984160601&ramal=2001')).toBe('DISCANDO');
  await until('the agent to ring', () => system.agents.stats().offers === offers + 1);
  expect(callsTo('11984160601')).toEqual([]);
  await until('the number', () => callsTo('11984160601').length === 1);
  await until('the call', async () => /^Operador 01;2001;Ativa;11984160601;\d{10}\.\d+;\d+\.\d{6}$/.test(await api('status_ramal?ramal=2001')));
  system.agents.change({ answerDelayMs: { min: 300, max: 400 } });
  await answers('status_ramal?ramal=2001', 'Operador 01;2001;Livre;Logado;1');
  expect(await api('discar?numero=984160601&ramal=2003')).toBe('DISCANDO');
  expect(asked.at(-1)).toBe('/goform/SavePhoneCAllInfoCfg?DialNumber=984160601&Operate=Dail&BlackListAccountID=127');
  for (const wrong of ['numero=984160601&ramal=2005', 'numero=984160601&ramal=2004', 'numero=190&ramal=2001', 'numero=0012125551234&ramal=2001', 'numero=1&ramal=2001', 'numero=984160601&ramal=2999']) {
    expect(await api(`discar?${wrong}`)).toBe('PARAMETROS INCORRETOS OU INVALIDOS');
  }
});

describe('1.1.7, 1.1.8, 1.1.12 to 1.1.14, 1.1.22: calls', () => {
  test('a campaign is dialed once it is active, and its calls, recordings and queue are told', async () => {
    expect(await api(`excluir_telefone_campanha?id_campanha=${demoCampaignId}`)).toBe('TELEFONES DA CAMPANHA EXCLUIDOS');
    expect(await api(`ligacoes_campanha?campanha=${demoCampaignId}`)).toBe('NAO HÁ LIGAÇÕES DE CAMPANHA');
    expect(await api('ligacoes_campanha?campanha=999')).toBe('CAMPANHA NÃO ENCONTRADA');
    const contact = (fields: string): Promise<string> => api(`importar_discador?id_campanha=${demoCampaignId}&${fields}`);
    await contact('identificador1=127846&identificador2=0001&ddd1=21&telefone1=981793134');
    await contact('identificador1=467351&identificador2=0002&ddd1=98&telefone1=989254691');
    await contact('identificador1=400173&identificador2=0001&ddd1=11&telefone1=999990003');
    expect(await api(`gerenciar_campanhas?campanha_id=${demoCampaignId}`)).toBe('CAMPANHA ATIVADA');
    await until('the phone that nobody answers', () => callsTo('11999990003').length === 1);
    const ringing = await until('its row', async () => (await rows<{ id: number }>("SELECT id FROM telefones_campanhas WHERE telefone = '11999990003'"))[0]);
    // Discado Sistema is an intermediate status.
    expect(await api(`excluir_telefone_campanha?id_telefone=${ringing.id}`)).toBe('TELEFONE NAO ENCONTRADO');
    const lines = async (): Promise<readonly string[]> => (await api(`ligacoes_campanha?campanha=${demoCampaignId}`)).split('\n').sort();
    const told = await until('three calls that are over', async () => {
      const each = await lines();
      return each.length === 3 && /;22;\d+$/m.test(each.join('\n')) && each.every((line) => !/;(9|20|21|3);\d+$/.test(line)) && each;
    });
    expect(told).toEqual([
      expect.stringMatching(/^[12];127846;0001;21;981793134;22;[1-9]\d*$/),
      expect.stringMatching(/^;400173;0001;11;999990003;8;\d+$/),
      expect.stringMatching(/^;467351;0002;98;989254691;7;\d+$/),
    ]);
    expect(await api(`gerenciar_campanha?campanha_id=${demoCampaignId}`)).toBe('CAMPANHA DESATIVADA');
    await until('the view', async () => (await rows(`SELECT 1 FROM campanhas WHERE id = ${demoCampaignId} AND ativa = false`)).length === 1);
    expect(await api(`set_status_telefones_campanhas?parametro1=127846&numerodotelefone=981793134&id_campanha=${demoCampaignId}&id_status=3&ramal=2001`)).toBe('STATUS CADASTRADO COM SUCESSO');
    await until('the last status', async () => (await lines()).some((line) => /^[12];127846;0001;21;981793134;3;\d+$/.test(line)));

    const [call] = await rows<{ code: string }>("SELECT codigo_ligacao AS code FROM resultado_discador WHERE identificador1 = '127846'");
    const code = call?.code ?? '';
    const wav = await until('the recording', async () => {
      const response = await fetch(url(`gravacao?codigo_ligacao=${code}`));
      return response.headers.get('content-type') === 'audio/wav' && Buffer.from(await response.arrayBuffer());
    });
    expect([wav.subarray(0, 4).toString(), wav.subarray(8, 12).toString()]).toEqual(['RIFF', 'WAVE']);
    const { parts } = await system.ritmo.foundations.context.bus.request('recorder.find', { callId: asCallId(code), recordingId: null });
    for (const way of [`codigo_ligacao=${code}&parte=1`, `codigo_monitoria=${parts[0]?.recordingId ?? 0}`]) {
      expect(Buffer.from(await (await fetch(url(`gravacao?${way}`))).arrayBuffer()).equals(wav)).toBe(true);
    }
    expect(await api(`gravacao?codigo_ligacao=${code}&parte=2`)).toBe('PARTE ESPECIFICADA NÃO EXISTE');
    expect(await api('gravacao?codigo_ligacao=1272916393.14005')).toBe('NENHUMA GRAVAÇÃO ENCONTRADA');

    const [day, month, year] = localDay();
    const delivered = /^10;Vendas\n[12];200[12];Operador 0[12];21981793134;\d+;\d+;ATENDIDA OPERADOR;\d\d\/\d\d\/\d{4} \d\d:\d\d$/;
    await until('the call in its queue', async () => delivered.test(await api(`grupos_de_atendimento?dia=${day ?? ''}&mes=${month ?? ''}&ano=${year ?? ''}`)));
    expect(await api('grupos_de_atendimento?dia=10&mes=10&ano=2010')).toBe('INFORMAÇÕES NÃO LOCALIZADAS');
  });

  test('who waits is in the queue by number and seconds, and in its log when nobody came', async () => {
    for (const extension of ['2001', '2002']) expect(await api(`set_pause?ramal=${extension}`)).toBe('PAUSA ALTERADA COM SUCESSO');
    expect(await api('fila_espera?fila=vendas')).toBe('');
    const calling = system.carrier.call({ host: '127.0.0.1', port: system.ritmo.ports.sip ?? 0, to: '1140040000', from: '11999990001', talkMs: 60_000 });
    await until('the caller in the queue', async () => /^1;11999990001;[1-9]\d*\.\d{6}$/.test(await api('fila_espera?fila=Vendas')));
    system.carrier.hangUpAll();
    await calling;
    await answers('fila_espera?fila=Vendas', '');
    const [day, month, year] = localDay();
    const lost = /^;;;11999990001;0;\d+;NAO ATENDIDA;\d\d\/\d\d\/\d{4} \d\d:\d\d$/m;
    await until('the line of the log', async () => lost.test(await api(`grupos_de_atendimento?dia=${day ?? ''}&mes=${month ?? ''}&ano=${year ?? ''}`)));
  });
});

test('1.1.17, 1.1.18: every part is told with the number that it has in the view, the trunk too', async () => {
  const lines = await until('the view to have every part', async () => {
    const told = (await api('status_servidores')).split('\n');
    const view = await rows<{ id: number; nome: string }>('SELECT id, nome FROM status_servidores');
    return told.length >= 6 && told.every((line) => view.some(({ id, nome }) => line.startsWith(`${id};${nome};`))) && told;
  });
  for (const part of ['PostgreSQL', 'Armazenamento de Eventos', 'Barramento', 'Disco', 'Memoria']) expect(lines.some((line) => line.split(';')[1] === part)).toBe(true);
  expect(lines.some((line) => line.endsWith(';SIP TRUNK Operadora Demonstração;OK'))).toBe(true);
  const page = await (await fetch(url('status_servidores_view'))).text();
  for (const line of lines) expect(page).toContain(`<td>${line.split(';')[0] ?? ''}</td><td>${line.split(';')[1] ?? ''}</td>`);
});
