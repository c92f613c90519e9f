/** Section 1.1 word for word, contacts: every example of the manual, and every line under "Retornos" provoked. */
import { asId, type CampaignId, type PhoneId } from '@ritmo/domain';
import { describe, expect, test } from 'vitest';
import { db, everyLineWasProvoked, get, onTheContractStage, provoke, refuse, stage } from './testing.ts';

onTheContractStage();

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
    // 0 is every campaign in 1.2.2.7, and none here.
    stage.asked.length = 0;
    await provoke('1.1.15', 'contact-unknown', example.replace('id_campanha=1', 'id_campanha=0'), 'CLIENTE NAO LOCALIZADO NA CAMPANHA');
    expect(stage.asked).toEqual([]);
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
    await provoke('1.1.16', 'parameter-missing', 'api/inserir_telefone_campanha?id_campanha=20&telefone=33553434', 'PARAMETRO NAO INFORMADO');
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
            { areaCode: '', number: '33553434', dialAt: Date.parse('2012-03-30T08:37:00-03:00'), dialNow: false },
            { areaCode: '', number: '11987654321', dialAt: null, dialNow: true },
          ],
        },
      ],
    });
    const withKey =
      'api/importar_discador?chave_seguranca=2d5b61007208dc5071f1b98eb7d4384a&id_campanha=80&identificador1=Teste1&identificador2=Teste&telefone1=35125818&telefone2=351258185&ddd1=11&ddd2=11';
    await provoke('1.1.21', 'numbers-imported', withKey, '2 NUMERO(S) IMPORTADO(S) COM SUCESSO');
    expect(stage.asked.at(-1)?.request).toMatchObject({ contacts: [{ phones: [{ areaCode: '11', number: '35125818' }, { areaCode: '11', number: '351258185' }] }] });
    // Letter for letter, the first example lacks an ampersand: one number, and it is none. The dialer says so (services/dialer).
    await get('api/importar_discador?id_campanha=80&identificador1=Teste113&identificador2=Teste&telefone1=99999998telefone2=33553434&ddd1=11&ddd2=11');
    expect(stage.asked.at(-1)?.request).toMatchObject({ contacts: [{ phones: [{ areaCode: '11', number: '99999998telefone2=33553434' }] }] });
    await provoke('1.1.21', 'numbers-imported', 'api/importar_discador?id_campanha=80&telefone1=33553434&telefone2=nenhum&ddd1=011', '1 NUMERO(S) IMPORTADO(S) COM SUCESSO');
    expect(stage.asked.at(-1)?.request).toMatchObject({ contacts: [{ phones: [{ areaCode: '11', number: '33553434' }, { areaCode: '', number: 'nenhum' }] }] });
    await provoke('1.1.21', 'numbers-imported', 'api/importar_discador?id_campanha=80', '0 NUMERO(S) IMPORTADO(S) COM SUCESSO');
    await provoke('1.1.21', 'campaign-missing', 'api/importar_discador?telefone1=33553434', 'ID DA CAMPANHA NAO INFORMADO');
    await provoke('1.1.21', 'campaign-unknown', 'api/importar_discador?id_campanha=8000&telefone1=33553434', 'CAMPANHA NAO ENCONTRADA');
    await provoke('1.1.21', 'parameters-missing', `${example}&telefone_1_discar_em=amanha`, 'PARAMETROS NAO INFORMADOS VERIFIQUE SINTAXE DO COMANDO');
    stage.answer('dialer.contacts.import', ({ contacts }) => ({ ok: true, imported: 0, contactIds: [], rejected: contacts.map((_, index) => ({ index, place: null, code: 'invalid-number' as const, reason: 'no' })) }));
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
    await provoke('1.1.27', 'parameter-missing', 'api/alterar_cliente?id_campanha=20', 'PARAMETRO NAO INFORMADO');
    // Two parameters are in every list, declared or not.
    stage.put('campaign', { id: 21, name: 'Vinte e um', queueId: 2, parameters: ['CPF'] });
    await provoke('1.1.27', 'contact-changed', example.replace('=20&', '=21&').replace('novo_parametro=3', 'novo_parametro=1'), 'CLIENTE ALTERADO');
    await provoke('1.1.27', 'parameter-unknown', example.replace('=20&', '=21&').replace('&parametro=2', '&parametro=3'), 'PARAMETRO NAO EXISTE');
    stage.remove('campaign', 21);
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

everyLineWasProvoked('contacts');
