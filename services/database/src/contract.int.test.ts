/** Section 1.3, command tables: every example of the manual word for word, every message provoked. */
import { answers, type AnswerId, type Section } from '@ritmo/contract';
import { asId, type CampaignId, type PhoneId } from '@ritmo/domain';
import { beforeEach, expect, test } from 'vitest';
import { db, onADatabase, settled, stage } from './database-rig.test-support.ts';

const facade = onADatabase({
  session: true,
  settleMs: 0,
  prepare: (made) => {
    made.put('agent', { id: 1, name: 'Modelo', extension: '88888', password: '1234' });
    made.put('agent', { id: 2, name: 'Outro', extension: '77777', password: '1234' });
    for (const id of [20, 21]) made.put('campaign', { id, name: `Campanha ${id}`, queueId: 1, parameters: ['1', '2', '3'], maxPhones: 5 });
  },
});
const seen = new Set<string>();

beforeEach(async () => {
  await settled();
  stage.asked.length = 0;
});

const refuse = <C extends string>(code: C): { ok: false; code: C } => ({ ok: false, code });

/** Inserts, waits until it was carried out, and tells the rows that are left; then empties the table. */
async function carryOut(table: string, insert: string): Promise<Record<string, unknown>[]> {
  await facade.integrator.query(insert);
  await settled();
  const { rows } = await facade.integrator.query<Record<string, unknown>>(`SELECT * FROM ${table} ORDER BY id`);
  await db.database.query(`DELETE FROM public.${table}`);
  return rows;
}

async function provoke(section: Section, id: AnswerId, column: string, table: string, insert: string, words: string): Promise<void> {
  const rows = await carryOut(table, insert);
  expect(rows.map((row) => row[column])).toEqual([words]);
  expect((answers[section] as Record<string, string>)[id]).toBeDefined();
  seen.add(`${section} ${id}`);
}

test('1.3.1.9 excluir_telefone_campanha', async () => {
  stage.answer('dialer.phone.exclude', ({ phoneId, campaignId }) =>
    phoneId === asId<PhoneId>(1234) || campaignId === asId<CampaignId>(2) ? { ok: true, excluded: 1 } : refuse(phoneId === null ? 'unknown-campaign' : 'intermediate'),
  );
  const table = 'excluir_telefone_campanha';
  expect(await carryOut(table, 'INSERT INTO excluir_telefone_campanha (id_telefone) VALUES(1234);')).toMatchObject([{ id_telefone: 1234, executado: true }]);
  expect(await carryOut(table, 'INSERT INTO excluir_telefone_campanha (id_campanha) VALUES(2);')).toMatchObject([{ id_campanha: 2, executado: true }]);
  expect(await carryOut(table, 'INSERT INTO excluir_telefone_campanha (id_telefone) VALUES(5)')).toMatchObject([{ executado: false }]);
  expect(await carryOut(table, 'INSERT INTO excluir_telefone_campanha (id_campanha) VALUES(5)')).toMatchObject([{ executado: false }]);
});

test('1.3.1.14 gerenciar_campanhas toggles once and the entry goes', async () => {
  let active = false;
  stage.answer('dialer.campaign.set-active', ({ campaignId }) => (campaignId === asId<CampaignId>(1) ? { ok: true, active: (active = !active) } : refuse('unknown-campaign')));
  expect(await carryOut('gerenciar_campanhas', 'INSERT INTO gerenciar_campanhas (campanha_id) VALUES(1);')).toEqual([]);
  expect(active).toBe(true);
  expect(await carryOut('gerenciar_campanhas', 'INSERT INTO gerenciar_campanhas (campanha_id) VALUES(99)')).toEqual([]);
  expect(stage.asked).toHaveLength(2);
});

test('1.3.1.15.1 inserir_telefone_campanha', async () => {
  stage.answer('dialer.phone.add', { ok: true, phoneId: asId<PhoneId>(1) });
  const table = 'inserir_telefone_campanha';
  const example = "INSERT INTO inserir_telefone_campanha (id_campanha, parametro, valor_parametro, codigo_area, telefone, prioridade) VALUES (21, 2, 'JONATHAN MENDES', 11, '33553434', 2);";
  const section = '1.3.1.15.1';
  await provoke(section, 'phone-inserted', 'message', table, example, 'TELEFONE INSERIDO');
  expect(stage.asked[0]?.request).toMatchObject({ campaignId: 21, parameterIndex: 2, parameterValue: 'JONATHAN MENDES', areaCode: '11', number: '33553434', priority: 2 });
  await provoke(section, 'campaign-missing', 'message', table, example.replace('(21', '(NULL'), 'ID DA CAMPANHA NAO INFORMADO');
  await provoke(section, 'campaign-unknown', 'message', table, example.replace('(21', '(99'), 'CAMPANHA NAO ENCONTRADA');
  await provoke(section, 'parameter-missing', 'message', table, example.replace('(21, 2', '(21, NULL'), 'PARAMETRO NAO INFORMADO');
  await provoke(section, 'parameter-unknown', 'message', table, example.replace('(21, 2', '(21, 9'), 'PARAMETRO NAO EXISTE');
  await provoke(section, 'value-missing', 'message', table, example.replace("'JONATHAN MENDES'", 'NULL'), 'VALOR DO PARAMETRO NAO INFORMADO');
  await provoke(section, 'priority-missing', 'message', table, example.replace(', 2);', ', NULL)'), 'PRIORIDADE NAO INFORMADA');
  await provoke(section, 'priority-over-limit', 'message', table, example.replace(', 2);', ', 9)'), 'PRIORIDADE EXCEDE LIMITE DE TELEFONES DA CAMPANHA');
  await provoke(section, 'number-missing', 'message', table, example.replace("'33553434'", 'NULL'), 'NUMERO DE TELEFONE NAO INFORMADO');
  const refusals = [
    ['contact-not-found', 'contact-unknown', 'CLIENTE NAO ENCONTRADO'],
    ['several-contacts', 'several-contacts', 'MAIS DE UM CLIENTE ENCONTRADO'],
    ['priority-taken', 'priority-taken', 'JA EXISTE NUMERO DE TELEFONE COM ESTA PRIORIDADE'],
    ['phones-exceeded', 'phones-exceeded', 'LIMITE DE TELEFONES DA CAMPANHA EXCEDIDO'],
    ['invalid-number', 'number-invalid', 'NUMERO DE TELEFONE INVALIDO'],
  ] as const;
  for (const [code, id, words] of refusals) {
    stage.answer('dialer.phone.add', refuse(code));
    await provoke(section, id, 'message', table, example, words);
  }
});

test('1.3.1.17 set_status_telefones_campanhas: success removes the row, a refusal is told', async () => {
  const table = 'set_status_telefones_campanhas';
  const example =
    "INSERT INTO set_status_telefones_campanhas (parametro1, numerodotelefone, id_campanha, id_status, ramal, data, uniqueid) VALUES ('Lucas Garcia','80120502',98,1002,'40018','2012-01-03 19:00',' 1515063682.70419');";
  stage.answer('dialer.disposition.set', { ok: true });
  expect(await carryOut(table, example)).toEqual([]);
  expect(stage.asked[0]?.request).toMatchObject({
    parameter1: 'Lucas Garcia',
    number: '80120502',
    campaignId: 98,
    dispositionId: 1002,
    extension: '40018',
    // Summer time in 2012.
    at: Date.parse('2012-01-03T19:00:00-02:00'),
    callId: '1515063682.70419',
    by: { kind: 'sql', id: expect.stringMatching(/^set_status_telefones_campanhas#\d+$/) as string },
  });
  await provoke('1.3.1.17', 'parameters-missing', 'mensagem', table, example.replace("'40018'", 'NULL'), 'PARAMETROS NAO INFORMADOS VERIFIQUE SINTAXE DO COMANDO.');
  const refusals = [
    ['contact-not-found', 'contact-unknown', 'CLIENTE NAO LOCALIZADO NA CAMPANHA.'],
    ['unknown-disposition', 'status-unknown', 'STATUS INFORMADO NAO EXISTE.'],
    ['unknown-agent', 'extension-unknown', 'USUARIO TOTALIP NAO LOCALIZADO.'],
    ['callbacks-exceeded', 'callbacks-exceeded', 'AGENDAMENTOS EXCEDIDOS.'],
    ['not-in-future', 'not-in-future', 'O AGENDAMENTO DEVER SER PARA UMA DATA FUTURA.'],
  ] as const;
  for (const [code, id, words] of refusals) {
    stage.answer('dialer.disposition.set', refuse(code));
    await provoke('1.3.1.17', id, 'mensagem', table, example, words);
  }
});

test('1.3.1.18 set_status_ramal', async () => {
  const table = 'set_status_ramal';
  const example = "INSERT INTO set_status_ramal (ramal,id_status) VALUES ('40018',52);";
  stage.answer('acd.agent.set-status', { ok: true });
  expect(await carryOut(table, example)).toEqual([]);
  expect(stage.asked[0]?.request).toMatchObject({ extension: '40018', statusId: 52 });
  await provoke('1.3.1.18', 'extension-or-status-missing', 'message', table, 'INSERT INTO set_status_ramal (id_status) VALUES (52)', 'RAMAL OU STATUS_ID NAO INFORMADO');
  const refusals = [
    ['unknown-agent', 'extension-unknown', 'RAMAL NAO ENCONTRADO'],
    ['unknown-status', 'status-unknown', 'STATUS NAO EXISTE'],
    ['hardphone', 'hardphone', 'NAO E POSSIVEL ALTERAR STATUS DE HARDPHONE'],
    ['licence', 'licence-exceeded', 'LICENCA DE RAMAIS EXCEDIDA'],
  ] as const;
  for (const [code, id, words] of refusals) {
    stage.answer('acd.agent.set-status', refuse(code));
    await provoke('1.3.1.18', id, 'message', table, example, words);
  }
});

test('1.3.1.22 gerenciar_usuarios creates with 1, updates with 2', async () => {
  const table = 'gerenciar_usuarios';
  const section = '1.3.1.22';
  const example = "INSERT INTO gerenciar_usuarios (ramal_padrao,ramal,nome,email,celular,senha,acao) VALUES('88888', '77777', 'Total IP', 'totalip@totalip.com','33553434','1234',2);";
  const rows = await carryOut(table, example);
  expect(rows).toMatchObject([{ mensagem: "Usuário '77777' atualizado com sucesso.", executado: true }]);
  seen.add(`${section} user-updated`);
  expect(stage.context.directory.get('agent', 2)).toMatchObject({ name: 'Total IP', email: 'totalip@totalip.com', mobile: '33553434' });
  const create = example.replace("'77777'", "'66666'").replace("'Total IP'", "'Novo'").replace(',2)', ',1)');
  await provoke(section, 'user-created', 'mensagem', table, create, "Usuário '66666' criado com sucesso");
  await provoke(section, 'user-not-created-reason', 'mensagem', table, create, "Usuário '66666' não foi criado. O ramal já está em uso por outro usuário.");
  await provoke(section, 'user-not-created', 'mensagem', table, create.replace("'88888'", 'NULL'), "Usuário '66666' não foi criado.");
  await provoke(section, 'user-not-created-name', 'mensagem', table, create.replace("'66666'", "'66667'"), "Usuário '66667' não foi criado. O nome Novo já está em uso por outro usuário.");
  await provoke(section, 'user-not-updated', 'mensagem', table, example.replace("'88888'", 'NULL'), "Usuário '77777' não foi atualizado.");
  await provoke(section, 'user-not-updated-name', 'mensagem', table, example.replace("'Total IP'", "'Novo'"), "Usuário '77777' não foi atualizado. O nome Novo já está em uso por outro usuário.");
  await provoke(section, 'user-not-updated-reason', 'mensagem', table, example.replace("'77777'", "'1'"), "Usuário '1' não foi atualizado. O ramal não foi encontrado.");
  await provoke(section, 'action-unknown', 'mensagem', table, example.replace(',2)', ',3)'), 'Ação inválida: 1 cria e 2 atualiza o usuário.');
});

test('1.3.1.29 alterar_cliente', async () => {
  const table = 'alterar_cliente';
  const section = '1.3.1.29';
  const example = "INSERT INTO alterar_cliente(id_campanha, parametro, valor, novo_parametro, novo_valor) VALUES(20,2,'1234',3,'30')";
  stage.answer('dialer.contact.change', { ok: true, changed: 1 });
  await provoke(section, 'contact-changed', 'mensagem', table, example, 'CLIENTE ALTERADO');
  expect(stage.asked[0]?.request).toMatchObject({ campaignId: 20, parameterIndex: 2, value: '1234', newParameterIndex: 3, newValue: '30' });
  await provoke(section, 'contact-changed', 'mensagem', table, example.replace('valor,', 'valor_parametro,'), 'CLIENTE ALTERADO');
  await provoke(section, 'campaign-missing', 'mensagem', table, example.replace('(20', '(NULL'), 'ID DA CAMPANHA NAO INFORMADO');
  await provoke(section, 'campaign-unknown', 'mensagem', table, example.replace('(20', '(99'), 'CAMPANHA NAO ENCONTRADA');
  await provoke(section, 'parameter-missing', 'mensagem', table, example.replace('(20,2', '(20,NULL'), 'PARAMETRO NAO INFORMADO');
  await provoke(section, 'parameter-unknown', 'mensagem', table, example.replace('(20,2', '(20,9'), 'PARAMETRO NAO EXISTE');
  await provoke(section, 'value-missing', 'mensagem', table, example.replace("'1234'", 'NULL'), 'VALOR DO PARAMETRO NAO INFORMADO');
  await provoke(section, 'new-parameter-missing', 'mensagem', table, example.replace(',3,', ',NULL,'), 'NOVO PARAMETRO NAO INFORMADO');
  await provoke(section, 'new-parameter-unknown', 'mensagem', table, example.replace(',3,', ',9,'), 'NOVO PARAMETRO NAO EXISTE');
  await provoke(section, 'new-value-missing', 'mensagem', table, example.replace("'30'", 'NULL'), 'VALOR DO NOVO PARAMETRO NAO INFORMADO');
  stage.answer('dialer.contact.change', refuse('contact-not-found'));
  await provoke(section, 'contact-unknown', 'mensagem', table, example, 'CLIENTE NAO ENCONTRADO');
  stage.answer('dialer.contact.change', refuse('several-contacts'));
  await provoke(section, 'several-contacts', 'mensagem', table, example, 'MAIS DE UM CLIENTE ENCONTRADO');
});

test('1.3.1.35 and 1.3.1.36 the black lists', async () => {
  const insert = "INSERT INTO inserir_telefone_black_list(id_black_list, telefone) VALUES(1, '33553434');";
  stage.answer('dialer.blocklist.add', ({ blockListId }) => ((blockListId as number) === 1 ? { ok: true } : refuse('unknown-list')));
  const add = (id: AnswerId, sql: string, words: string): Promise<void> => provoke('1.3.1.35', id, 'mensagem', 'inserir_telefone_black_list', sql, words);
  await add('number-blocked', insert, 'Telefone salvo');
  await add('block-list-unknown', insert.replace('(1,', '(9,'), 'Black List não localizada');
  await add('block-list-unknown', insert.replace('(1,', '(NULL,'), 'Black List não localizada');
  await add('number-invalid', insert.replace('33553434', 'abc'), 'Número inválido');
  stage.answer('dialer.blocklist.add', refuse('failed'));
  await add('block-failed', insert, 'Não foi possível salvar o telefone');

  stage.answer('dialer.blocklist.remove', ({ blockListId }) => (blockListId === null || (blockListId as number) === 1 ? { ok: true, removed: 1 } : refuse('unknown-list')));
  const remove = (id: AnswerId, sql: string, words: string): Promise<void> => provoke('1.3.1.36', id, 'mensagem', 'remover_telefone_black_list', sql, words);
  await remove('number-unblocked', "INSERT INTO remover_telefone_black_list(id_black_list,telefone) VALUES(1,'33553434');", 'Telefone removido');
  stage.asked.length = 0;
  await remove('number-unblocked', "INSERT INTO remover_telefone_black_list(telefone) VALUES('33553434');", 'Telefone removido');
  expect(stage.asked[0]?.request).toMatchObject({ blockListId: null, number: '33553434' });
  await remove('block-list-unknown', "INSERT INTO remover_telefone_black_list(id_black_list,telefone) VALUES(9,'33553434')", 'Black List não localizada');
  await remove('number-invalid', "INSERT INTO remover_telefone_black_list(telefone) VALUES('x')", 'Número inválido');
  stage.answer('dialer.blocklist.remove', { ok: true, removed: 0 });
  await remove('unblock-failed', "INSERT INTO remover_telefone_black_list(telefone) VALUES('33553434')", 'Não foi possível excluir o telefone');
});

test('every message of the command tables was provoked', () => {
  const shown = ['1.3.1.15.1', '1.3.1.17', '1.3.1.18', '1.3.1.22', '1.3.1.29', '1.3.1.35', '1.3.1.36'] as const;
  // The row is removed: nobody sees these.
  const unseen = new Set(['1.3.1.17 disposition-saved', '1.3.1.18 status-changed']);
  const lines = shown.flatMap((section) => Object.keys(answers[section]).map((id) => `${section} ${id}`));
  expect(lines.filter((each) => !seen.has(each) && !unseen.has(each))).toEqual([]);
});
