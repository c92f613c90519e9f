/** Section 1.2.2 word for word: every example of the manual, and every line under "Retornos" provoked. */
import { connect } from 'node:net';
import { answers, type AnswerId, type Section } from '@ritmo/contract';
import { createStage, eventually, type Stage } from '@ritmo/contract/testing';
import { asCallId, asId, directorySchemas, type PhoneId } from '@ritmo/domain';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { createSocketApp, type SocketApp } from './app.ts';

let stage: Stage;
let app: SocketApp;
const key = 'b405c4d29ca6325ecd99e7f7f37c9bd7';
const seen = new Set<string>();

beforeAll(async () => {
  stage = await createStage();
  stage.put('settings', { id: 1 });
  stage.put('campaign', { id: 1, name: 'Total IP', queueId: 1 });
  stage.put('campaign', { id: 2, name: 'Outra', queueId: 1 });
  for (const id of [10, 20, 23]) stage.put('campaign', { id, name: `Campanha ${id}`, queueId: 1, parameters: ['1', '2', '3'], maxPhones: 5 });
  stage.put('disposition', { id: 10, name: 'Dez' });
  for (const [id, extension] of [[1, '99999'], [2, '77777'], [3, '40045']] as const) stage.put('agent', { id, name: extension, extension, password: '1234', groupId: id });
  stage.put('agent', { id: 9, name: 'Bloqueado', extension: '70000', password: '1234', blocked: true });
  app = createSocketApp(stage.context, { readPort: 0, writePort: 0 });
  await app.start();
});
afterAll(async () => {
  await app.stop();
  await stage.close();
});
beforeEach(() => void (stage.asked.length = 0));

function write(text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port: app.writePort(), host: '127.0.0.1' });
    let answer = '';
    socket.setEncoding('utf8').on('data', (chunk: string) => (answer += chunk));
    socket.on('error', reject).on('close', () => resolve(answer));
    socket.write(`${text}\r\n`);
  });
}

async function provoke(section: Section, id: AnswerId, command: string, words: string): Promise<void> {
  expect(await write(command)).toBe(`${words}\r\n`);
  expect((answers[section] as Record<string, string>)[id]).toBeDefined();
  seen.add(`${section} ${id}`);
}

const refuse = <C extends string>(code: C): { ok: false; code: C } => ({ ok: false, code });

test('1.2.2.1 SETSTATUS', async () => {
  stage.answer('acd.agent.set-status', ({ extension, statusId }) =>
    extension === '1' ? refuse('unknown-agent') : extension === '2' ? refuse('hardphone') : extension === '3' ? refuse('licence') : statusId === 1 ? { ok: true } : refuse('unknown-status'),
  );
  await provoke('1.2.2.1', 'status-changed', '<SETSTATUS><40000><1>', 'STATUS ALTERADO COM SUCESSO');
  await provoke('1.2.2.1', 'extension-unknown', '<SETSTATUS><1><1>', 'RAMAL NAO ENCONTRADO');
  await provoke('1.2.2.1', 'status-unknown', '<SETSTATUS><40000><99>', 'STATUS NAO EXISTE');
  await provoke('1.2.2.1', 'hardphone', '<SETSTATUS><2><1>', 'NAO E POSSIVEL ALTERAR STATUS DE HARDPHONE');
  await provoke('1.2.2.1', 'licence-exceeded', '<SETSTATUS><3><1>', 'LICENCA DE RAMAIS EXCEDIDA');
  await provoke('1.2.2.1', 'extension-or-status-missing', '<SETSTATUS><40000><>', 'RAMAL OU STATUS_ID NAO INFORMADO');
  await provoke('1.2.2.1', 'extension-or-status-missing', '<SETSTATUS>', 'RAMAL OU STATUS_ID NAO INFORMADO');
});

test('1.2.2.2 and 1.2.2.3 SETSTATUSTELEFONECAMPANHA, with and without date and uniqueid', async () => {
  stage.answer('dialer.disposition.set', { ok: true });
  const example = '<SETSTATUSTELEFONECAMPANHA><219.273.058-61><33553434><1><1><40005><300320120837><1515063682.70419>';
  await provoke('1.2.2.2', 'disposition-saved', example, 'STATUS INSERIDO COM SUCESSO');
  expect(stage.asked.at(-1)?.request).toMatchObject({
    campaignId: 1,
    parameter1: '219.273.058-61',
    number: '33553434',
    dispositionId: 1,
    extension: '40005',
    at: Date.parse('2012-03-30T08:37:00-03:00'),
    callId: '1515063682.70419',
  });
  await provoke('1.2.2.3', 'disposition-saved', '<SETSTATUSTELEFONECAMPANHA><Total IP><999884466><210><23><40044><290820141420>', 'STATUS CADASTRADO COM SUCESSO');
  expect(stage.asked.at(-1)?.request).toMatchObject({ at: Date.parse('2014-08-29T14:20:00-03:00'), callId: null });
  await provoke('1.2.2.3', 'disposition-saved', '<SETSTATUSTELEFONECAMPANHA><Total IP><33553434><210><93><40044>', 'STATUS CADASTRADO COM SUCESSO');
  expect(stage.asked.at(-1)?.request).toMatchObject({ at: null, callId: null });
  await provoke('1.2.2.2', 'disposition-saved', '<SETSTATUSTELEFONECAMPANHA><a;b><33553434><210><93><40044><><>', 'STATUS INSERIDO COM SUCESSO');
  const whole = example;
  const other = example.replace('<1515063682.70419>', '');
  for (const [section, command] of [['1.2.2.2', whole], ['1.2.2.3', other]] as const) {
    await provoke(section, 'extension-or-status-missing', command.replace('<40005>', '<>'), 'RAMAL OU STATUS_ID NAO INFORMADO');
    await provoke(section, 'parameters-missing', command.replace('<219.273.058-61>', '<>'), 'PARAMETROS NAO INFORMADOS VERIFIQUE SINTAXE DO COMANDO');
    await provoke(section, 'parameters-missing', command.replace('300320120837', 'hoje'), 'PARAMETROS NAO INFORMADOS VERIFIQUE SINTAXE DO COMANDO');
    const refusals = [
      ['contact-not-found', 'contact-unknown', 'CLIENTE NAO LOCALIZADO NA CAMPANHA'],
      ['unknown-agent', 'extension-unknown', 'RAMAL NAO ENCONTRADO'],
      ['unknown-disposition', 'status-unknown', 'STATUS NAO EXISTE'],
      ['callbacks-exceeded', 'callbacks-exceeded', 'AGENDAMENTOS EXCEDIDOS'],
      ['not-in-future', 'not-in-future', 'O AGENDAMENTO DEVER SER PARA UMA DATA FUTURA'],
    ] as const;
    for (const [code, id, words] of refusals) {
      stage.answer('dialer.disposition.set', refuse(code));
      await provoke(section, id, command, words);
    }
    stage.answer('dialer.disposition.set', { ok: true });
  }
});

test('1.2.2.4 and 1.2.2.5 users by profile, with the variants', async () => {
  const agent = (extension: string) => stage.context.directory.all('agent').find((each) => each.extension === extension);
  await provoke('1.2.2.4', 'user-created', '<ADICIONARUSUARIOCOMPERFIL><77777><88888><Total IP><email@totalip.com.br><984169856><12345678>', "Usuário '88888' criado com sucesso");
  expect(agent('88888')).toMatchObject({ name: 'Total IP', email: 'email@totalip.com.br', mobile: '984169856', password: '12345678', groupId: 2 });
  expect(await write('<ADICIONARUSUARIOCOMPERFIL><77777><88889><Total IP 2><email@totalip.com.br><984169856>')).toBe("Usuário '88889' criado com sucesso\r\n");
  expect(agent('88889')).toMatchObject({ mobile: '984169856', password: '12345678' });
  expect(await write('<ADICIONARUSUARIOCOMPERFIL><77777><88890><Total IP 3><984169856><87654321>')).toBe("Usuário '88890' criado com sucesso\r\n");
  expect(agent('88890')).toMatchObject({ mobile: '984169856', password: '87654321' });
  expect(agent('88890')).not.toHaveProperty('email');
  expect(await write('<ADICIONARUSUARIOCOMPERFIL><77777><88891><><><984169856><>')).toBe("Usuário '88891' criado com sucesso\r\n");
  expect(agent('88891')).toMatchObject({ name: '88891', mobile: '984169856', password: '12345678' });
  // "Sem o parâmetro de nome e de e-mail", as the manual writes it and as it means it.
  for (const [ramal, empty] of [['88893', '<>>'], ['88894', '<><>'], ['88895', '<>']] as const) {
    expect(await write(`<ADICIONARUSUARIOCOMPERFIL><77777><${ramal}>${empty}<984169856><87654321>`)).toBe(`Usuário '${ramal}' criado com sucesso\r\n`);
    expect(agent(ramal)).toMatchObject({ name: ramal, mobile: '984169856', password: '87654321' });
    expect(agent(ramal)).not.toHaveProperty('email');
  }
  await provoke('1.2.2.4', 'user-not-created', '<ADICIONARUSUARIOCOMPERFIL><><88892>', "Usuário '88892' não foi criado.");
  await provoke('1.2.2.4', 'user-not-created-name', '<ADICIONARUSUARIOCOMPERFIL><77777><88892><Total IP>', "Usuário '88892' não foi criado. O nome Total IP já está em uso por outro usuário.");
  await provoke('1.2.2.4', 'user-not-created-reason', '<ADICIONARUSUARIOCOMPERFIL><77777><88888>', "Usuário '88888' não foi criado. O ramal já está em uso por outro usuário.");

  await provoke('1.2.2.5', 'user-updated', '<ATUALIZARUSUARIOCOMPERFIL><99999><88888><Novo Nome><><><>', "Usuário '88888' criado com sucesso");
  expect(agent('88888')).toMatchObject({ name: 'Novo Nome', email: 'email@totalip.com.br', groupId: 1 });
  await provoke('1.2.2.5', 'user-not-updated', '<ATUALIZARUSUARIOCOMPERFIL><><88888>', "Usuário '88888' não foi criado.");
  await provoke('1.2.2.5', 'user-not-updated-name', '<ATUALIZARUSUARIOCOMPERFIL><77777><88888><Total IP 2>', "Usuário '88888' não foi criado. O nome Total IP 2 já está em uso por outro usuário.");
  await provoke('1.2.2.5', 'user-not-updated-reason', '<ATUALIZARUSUARIOCOMPERFIL><77777><1>', "Usuário '1' não foi criado. O ramal não foi encontrado.");
});

test('a profile brings every setting of the model with its places in queues, and nothing that is the person’s own', async () => {
  const settings = { groupId: 7, kind: 'hardphone', phoneModel: 'khomp', phonePassword: 'root', autoAnswer: true, maxCallbacks: 3, allowedKinds: ['local'], maxConcurrentCalls: 4, maxCallS: 60, loginOnRegister: false };
  const own = { id: 30, name: 'Modelo', extension: '66666', password: 'modelo', email: 'm@totalip.com.br', mobile: '11999990000', phoneAddress: '10.0.0.1', blocked: true };
  // A setting that comes to agents later is to be copied, or to be the person's own: here somebody says which.
  expect(Object.keys({ ...settings, ...own }).sort()).toEqual(Object.keys(directorySchemas.agent.properties).sort());
  stage.put('agent', { ...settings, ...own });
  stage.put('agent', { id: 31, name: 'Antes', extension: '66667', password: 'antes', email: 'antes@totalip.com.br', phoneAddress: '10.0.0.2', blocked: true });
  stage.put('queue', { id: 5, name: 'Do modelo', members: [{ agentId: 30, priority: 4, skill: 2 }] });
  stage.put('queue', { id: 6, name: 'De outros', members: [{ agentId: 31, priority: 1, skill: 1 }, { agentId: 2, priority: 1, skill: 1 }] });
  const agent = (extension: string) => stage.context.directory.all('agent').find((each) => each.extension === extension);

  expect(await write('<ADICIONARUSUARIOCOMPERFIL><66666><66668>')).toBe("Usuário '66668' criado com sucesso\r\n");
  const { id, ...created } = agent('66668') ?? { id: 0 };
  expect(created).toEqual({ ...settings, name: '66668', extension: '66668', password: '12345678' });
  expect(await write('<ATUALIZARUSUARIOCOMPERFIL><66666><66667>')).toBe("Usuário '66667' criado com sucesso\r\n");
  expect(agent('66667')).toEqual({ ...settings, id: 31, name: 'Antes', extension: '66667', password: 'antes', email: 'antes@totalip.com.br', phoneAddress: '10.0.0.2', blocked: true });
  const members = (queueId: number) => stage.context.directory.get('queue', queueId)?.members;
  expect(members(5)).toEqual([30, id, 31].map((agentId) => ({ agentId, priority: 4, skill: 2 })));
  expect(members(6)).toEqual([{ agentId: 2, priority: 1, skill: 1 }]);
});

test('1.2.2.6 INSERIRTELEFONECAMPANHA', async () => {
  stage.answer('dialer.phone.add', { ok: true, phoneId: asId<PhoneId>(1) });
  await provoke('1.2.2.6', 'phone-inserted', '<INSERIRTELEFONECAMPANHA><10><2><TotalIP><4><11><33553434>', 'TELEFONE INSERIDO');
  const example = '<INSERIRTELEFONECAMPANHA><23><1><Jonathan Mendes><3><11><33553434>';
  await provoke('1.2.2.6', 'phone-inserted', example, 'TELEFONE INSERIDO');
  expect(stage.asked.at(-1)?.request).toMatchObject({ campaignId: 23, parameterIndex: 1, parameterValue: 'Jonathan Mendes', priority: 3, areaCode: '11', number: '33553434' });
  await provoke('1.2.2.6', 'priority-over-limit', example.replace('<3>', '<6>'), 'PRIORIDADE EXCEDE LIMITE DE TELEFONES DA CAMPANHA');
  await provoke('1.2.2.6', 'priority-missing', example.replace('<3>', '<>'), 'PRIORIDADE NAO INFORMADA');
  await provoke('1.2.2.6', 'value-missing', example.replace('<Jonathan Mendes>', '<>'), 'VALOR DO PARAMETRO NAO INFORMADO');
  await provoke('1.2.2.6', 'parameter-unknown', example.replace('<1>', '<9>'), 'PARAMETRO NAO EXISTE');
  await provoke('1.2.2.6', 'parameter-missing', example.replace('<1>', '<>'), 'PARAMETRO NAO INFORMADO');
  await provoke('1.2.2.6', 'campaign-unknown', example.replace('<23>', '<2300>'), 'CAMPANHA NAO ENCONTRADA');
  await provoke('1.2.2.6', 'campaign-missing', '<INSERIRTELEFONECAMPANHA>', 'ID DA CAMPANHA NAO INFORMADO');
  await provoke('1.2.2.6', 'number-missing', example.replace('<33553434>', '<>'), 'NUMERO DE TELEFONE NAO INFORMADO');
  const refusals = [
    ['priority-taken', 'priority-taken', 'JA EXISTE NUMERO DE TELEFONE COM ESTA PRIORIDADE'],
    ['phones-exceeded', 'phones-exceeded', 'LIMITE DE TELEFONES DA CAMPANHA EXCEDIDO'],
    ['several-contacts', 'several-contacts', 'MAIS DE UM CLIENTE ENCONTRADO'],
    ['contact-not-found', 'contact-unknown', 'CLIENTE NAO ENCONTRADO'],
    ['invalid-number', 'number-invalid', 'NUMERO DE TELEFONE INVALIDO'],
  ] as const;
  for (const [code, id, words] of refusals) {
    stage.answer('dialer.phone.add', refuse(code));
    await provoke('1.2.2.6', id, example, words);
  }
});

test('1.2.2.7 SETSTATUSTELEFONECAMPANHAPARAMETRO1, in one campaign and in all', async () => {
  stage.answer('dialer.disposition.set', ({ campaignId, parameter1 }) => (parameter1 === 'Total IP' && (campaignId as number) < 3 ? { ok: true } : refuse('contact-not-found')));
  const example = '<SETSTATUSTELEFONECAMPANHAPARAMETRO1><Total IP><1><10><99999><200520131030>';
  await provoke('1.2.2.7', 'disposition-saved-in', example, 'STATUS CADASTRADO COM SUCESSO - Campanha "Total IP"');
  expect(stage.asked.map(({ request }) => request)).toMatchObject([
    { campaignId: 1, parameter1: 'Total IP', number: '', dispositionId: 10, extension: '99999', at: Date.parse('2013-05-20T10:30:00-03:00') },
  ]);
  expect(await write('<SETSTATUSTELEFONECAMPANHAPARAMETRO1><Total IP><0><10><99999><200520131030>')).toBe('STATUS CADASTRADO COM SUCESSO - Campanha "Total IP", "Outra"\r\n');
  await provoke('1.2.2.7', 'contact-unknown', example.replace('<Total IP>', '<Ninguem>'), 'CLIENTE NAO LOCALIZADO NA CAMPANHA');
  await provoke('1.2.2.7', 'extension-unknown', example.replace('99999', '1'), 'USUARIO TOTALIP NAO LOCALIZADO');
  await provoke('1.2.2.7', 'status-unknown', example.replace('<10>', '<99>'), 'STATUS INFORMADO NAO EXISTE');
  await provoke('1.2.2.7', 'parameters-missing', example.replace('<10>', '<>'), 'PARAMETROS NAO INFORMADOS VERIFIQUE SINTAXE DO COMANDO');
  // In all campaigns: what one of them refuses is saved in the others, and the answer tells where it was.
  stage.answer('dialer.disposition.set', ({ campaignId }) => ((campaignId as number) === 1 ? refuse('callbacks-exceeded') : (campaignId as number) === 2 ? { ok: true } : refuse('contact-not-found')));
  expect(await write(example.replace('<1>', '<0>'))).toBe('STATUS CADASTRADO COM SUCESSO - Campanha "Outra"\r\n');
  stage.answer('dialer.disposition.set', refuse('callbacks-exceeded'));
  await provoke('1.2.2.7', 'callbacks-exceeded', example, 'AGENDAMENTOS EXCEDIDOS');
  stage.answer('dialer.disposition.set', refuse('not-in-future'));
  await provoke('1.2.2.7', 'not-in-future', example, 'O AGENDAMENTO DEVER SER PARA UMA DATA FUTURA');
});

test('1.2.2.8 to 1.2.2.11 login and logout', async () => {
  const by: Record<string, ReturnType<typeof refuse<'hardphone' | 'licence' | 'not-registered' | 'unknown-agent'>>> = {
    '2': refuse('hardphone'),
    '3': refuse('licence'),
    '4': refuse('not-registered'),
    '1': refuse('unknown-agent'),
  };
  stage.answer('acd.agent.login', ({ extension, sharedExtension }) => by[extension] ?? (sharedExtension === '59999' ? refuse('unknown-shared-extension') : { ok: true }));
  await provoke('1.2.2.8', 'logged-in', '<LOGIN><99999>', 'RAMAL LOGADO COM SUCESSO');
  await provoke('1.2.2.8', 'hardphone', '<LOGIN><2>', 'NAO E POSSIVEL EFETUAR LOGIN DE HARDPHONE VIA API');
  await provoke('1.2.2.8', 'licence-exceeded', '<LOGIN><3>', 'LICENCA DE RAMAIS EXCEDIDA');
  await provoke('1.2.2.8', 'not-connected', '<LOGIN><4>', 'SOFTPHONE NAO ESTA CONECTADO');
  await provoke('1.2.2.8', 'extension-blocked', '<LOGIN><70000>', 'RAMAL ESTA BLOQUEADO');
  await provoke('1.2.2.8', 'extension-unknown', '<LOGIN><1>', 'RAMAL NAO ENCONTRADO');
  await provoke('1.2.2.8', 'extension-missing', '<LOGIN>', 'RAMAL NAO INFORMADO');
  await provoke('1.2.2.10', 'logged-in', '<LOGINHARDPHONE><40018>', 'RAMAL LOGADO COM SUCESSO');
  await provoke('1.2.2.10', 'logged-in', '<LOGINHARDPHONE><40018><50001>', 'RAMAL LOGADO COM SUCESSO');
  expect(stage.asked.at(-1)?.request).toMatchObject({ extension: '40018', sharedExtension: '50001', hardphone: true });
  await provoke('1.2.2.10', 'extension-unknown', '<LOGINHARDPHONE><1>', 'RAMAL NÃO ENCONTRADO');
  await provoke('1.2.2.10', 'extension-missing', '<LOGINHARDPHONE>', 'RAMAL NÃO ENCONTRADO');
  await provoke('1.2.2.10', 'shared-extension-unknown', '<LOGINHARDPHONE><40018><59999>', 'RAMAL NÃO ENCONTRADO');
  await provoke('1.2.2.10', 'licence-exceeded', '<LOGINHARDPHONE><3>', 'LICENCA DE RAMAIS EXCEDIDA');
  await provoke('1.2.2.10', 'extension-blocked', '<LOGINHARDPHONE><70000>', 'RAMAL ESTA BLOQUEADO');
  stage.answer('acd.agent.logout', ({ extension }) => (extension === '1' ? refuse('unknown-agent') : extension === '2' ? refuse('hardphone') : { ok: true }));
  await provoke('1.2.2.9', 'logged-out', '<LOGOUT><99999>', 'RAMAL DESLOGADO COM SUCESSO');
  await provoke('1.2.2.9', 'hardphone', '<LOGOUT><2>', 'NAO E POSSIVEL EFETUAR LOGOUT DE HARDPHONE VIA SOCKET');
  await provoke('1.2.2.9', 'extension-unknown', '<LOGOUT><1>', 'RAMAL NAO ENCONTRADO');
  await provoke('1.2.2.9', 'extension-missing', '<LOGOUT><>', 'RAMAL NAO INFORMADO');
  await provoke('1.2.2.11', 'logged-out', '<LOGOUTHARDPHONE><40018>', 'RAMAL DESLOGADO COM SUCESSO');
  await provoke('1.2.2.11', 'extension-unknown', '<LOGOUTHARDPHONE><1>', 'RAMAL NÃO ENCONTRADO');
  await provoke('1.2.2.11', 'extension-missing', '<LOGOUTHARDPHONE>', 'RAMAL NÃO ENCONTRADO');
});

test.each([
  ['1.2.2.12', 'SETPAUSE', 'acd.agent.pause'],
  ['1.2.2.13', 'SETUNPAUSE', 'acd.agent.unpause'],
] as const)('%s %s', async (section, command, subject) => {
  stage.answer(subject, ({ extension }) => (extension === '1' ? refuse('unknown-agent') : { ok: true }));
  await provoke(section, 'pause-changed', `<${command}><40045>`, 'PAUSA ALTERADA COM SUCESSO');
  await provoke(section, 'extension-missing', `<${command}>`, 'RAMAL NAO INFORMADO');
  await provoke(section, 'extension-unknown', `<${command}><1>`, 'RAMAL NAO ENCONTRADO');
});

test('1.2.2.12 SETPAUSE of one more than there are licences for', async () => {
  stage.answer('acd.agent.pause', refuse('licence'));
  await provoke('1.2.2.12', 'licence-exceeded', '<SETPAUSE><40045>', 'LICENCA DE RAMAIS EXCEDIDA');
});

test('1.2.2.14 ALTERARCLIENTE', async () => {
  stage.answer('dialer.contact.change', { ok: true, changed: 1 });
  const example = '<ALTERARCLIENTE><20><2><1234><3><15>';
  await provoke('1.2.2.14', 'contact-changed', example, 'CLIENTE ALTERADO');
  await provoke('1.2.2.14', 'campaign-missing', '<ALTERARCLIENTE>', 'ID DA CAMPANHA NAO INFORMADO');
  await provoke('1.2.2.14', 'campaign-unknown', example.replace('<20>', '<2000>'), 'CAMPANHA NAO ENCONTRADA');
  await provoke('1.2.2.14', 'parameter-missing', example.replace('<2>', '<>'), 'PARAMETRO NAO INFORMADO');
  await provoke('1.2.2.14', 'parameter-unknown', example.replace('<2>', '<9>'), 'PARAMETRO NAO EXISTE');
  await provoke('1.2.2.14', 'value-missing', example.replace('<1234>', '<>'), 'VALOR DO PARAMETRO NAO INFORMADO');
  await provoke('1.2.2.14', 'new-parameter-missing', example.replace('<3>', '<>'), 'NOVO PARAMETRO NAO INFORMADO');
  await provoke('1.2.2.14', 'new-parameter-unknown', example.replace('<3>', '<9>'), 'NOVO PARAMETRO NAO EXISTE');
  await provoke('1.2.2.14', 'new-value-missing', example.replace('<15>', '<>'), 'VALOR DO NOVO PARAMETRO NAO INFORMADO');
  stage.answer('dialer.contact.change', refuse('contact-not-found'));
  await provoke('1.2.2.14', 'contact-unknown', example, 'CLIENTE NAO ENCONTRADO');
  stage.answer('dialer.contact.change', refuse('several-contacts'));
  await provoke('1.2.2.14', 'several-contacts', example, 'MAIS DE UM CLIENTE ENCONTRADO');
});

test('1.2.2.15 DISCAR always wants the key', async () => {
  stage.answer('acd.dial', { ok: true, callId: asCallId('1.1') });
  const example = `<DISCAR><40045><33553434><${key}>`;
  await provoke('1.2.2.15', 'key-invalid', example, 'CHAVE DA API INVÁLIDA');
  stage.put('settings', { id: 1, apiKey: key });
  await provoke('1.2.2.15', 'dialing', example, 'DISCANDO');
  await provoke('1.2.2.15', 'number-missing', '<DISCAR><40045>', 'NUMERO DE TELEFONE NAO INFORMADO');
  await provoke('1.2.2.15', 'key-missing', '<DISCAR><40045><33553434>', 'CHAVE DE SEGURANCA NAO INFORMADO');
  await provoke('1.2.2.15', 'key-invalid', '<DISCAR><40045><33553434><errada>', 'CHAVE DA API INVÁLIDA');
  stage.answer('acd.dial', refuse('unknown-agent'));
  await provoke('1.2.2.15', 'parameters-invalid', example, 'PARAMETROS INCORRETOS OU INVALIDOS');
  expect(JSON.stringify(stage.logged)).not.toContain(key);
});

test('the address, the syntax and a service that is away', async () => {
  await provoke('1.2.2', 'parameters-missing', 'x', 'PARAMETROS NAO INFORMADOS VERIFIQUE SINTAXE DO COMANDO');
  await provoke('1.2.2', 'parameters-missing', '<LOGOUT><1><2>', 'PARAMETROS NAO INFORMADOS VERIFIQUE SINTAXE DO COMANDO');
  stage.answer('acd.agent.logout', () => {
    throw new Error('away');
  });
  await provoke('1.2.2', 'unavailable', '<LOGOUT><40045>', 'SISTEMA INDISPONIVEL, TENTE NOVAMENTE');
  stage.put('settings', { id: 1, socketWriteAllow: ['10.0.0.1', '!127.0.0.0/8'] });
  await provoke('1.2.2', 'address-refused', '<LOGOUT><40045>', 'IP NAO TEM AUTORIZACAO PARA ESCREVER COMANDOS NO SOCKET');
  await eventually(() => stage.logged.some(({ msg, answer }) => msg === 'socket' && String(answer).startsWith('IP NAO')));
});

test('every line of the catalogue of section 1.2 was provoked', () => {
  const lines = Object.entries(answers)
    .filter(([section]) => section.startsWith('1.2'))
    .flatMap(([section, texts]) => Object.keys(texts).map((id) => `${section} ${id}`));
  expect(lines.filter((each) => !seen.has(each))).toEqual([]);
});
