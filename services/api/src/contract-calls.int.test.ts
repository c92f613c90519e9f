/** Section 1.1 word for word, calls: every example of the manual, and every line under "Retornos" provoked. */
import type { AgentState, Requests } from '@ritmo/bus';
import { httpFunctions } from '@ritmo/contract';
import { eventually } from '@ritmo/contract/testing';
import { asCallId, asExtension, asId, fact, streams, type AgentId, type CallId, type CampaignId, type ContactId, type PhoneId, type RouteId, type TrunkId, type UserStatusId } from '@ritmo/domain';
import { describe, expect, test } from 'vitest';
import { app, deskPhone, everyLineWasProvoked, get, onTheContractStage, provoke, stage } from './testing.ts';

const key = 'db39eded0adfd54d1ce03d23dc333787';
onTheContractStage();

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
    const active = asCallId('1272916393.14005');
    stage.bus.publish('fact.CallPlaced', fact('CallPlaced', 9_000_000, { ...common, callId: active, direction: 'agent', from: '10005', to: '22154748', extension: asExtension('10005') }));
    stage.bus.publish('fact.CallAnswered', fact('CallAnswered', 10_000_000 - 768_484, { ...common, callId: active, direction: 'agent', ringMs: 1, from: '10005', to: '22154748' }));
    inCall(active);
    await eventually(async () => (await get('api/status_ramal?ramal=10005')).includes('Ativa'));
    // The example leaves one of the two out that "Retornos" has: 768.484154 is a duration, written as in 1.1.12.
    expect(await get('api/status_ramal?ramal=10005')).toBe('Carlos da Silva;10005;Ativa;22154748;1272916393.14005;768.484000');

    const inbound = asCallId('769.1');
    stage.bus.publish('fact.CallPlaced', fact('CallPlaced', 9_000_000, { ...common, callId: inbound, direction: 'inbound', from: '1133553434', to: '30000000', extension: null }));
    stage.bus.publish('fact.CallAnswered', fact('CallAnswered', 9_990_000, { ...common, callId: inbound, direction: 'inbound', ringMs: 1, from: '1133553434', to: '30000000' }));
    inCall(inbound);
    await eventually(async () => (await get('api/status_ramal?ramal=10005')).includes('Receptiva'));
    expect(await get('api/status_ramal?ramal=10005')).toBe('Carlos da Silva;10005;Receptiva;1133553434;30000000;769.1;10.000000;');

    const contactId = asId<ContactId>(4);
    const campaignId = asId<CampaignId>(1);
    const imported = fact('ContactImported', 0, { contactId, campaignId, parameters: ['127846', '0001'], phones: [], source: '', by: { kind: 'system' } });
    await stage.context.events.append({ streamId: streams.contact(contactId), expectedVersion: 'none', events: [{ type: imported.type, data: imported.data as never, at: 0 }] });
    const dialed = asCallId('770.1');
    stage.bus.publish('fact.AttemptStarted', fact('AttemptStarted', 9_000_000, { callId: dialed, contactId, campaignId, phoneId: asId<PhoneId>(1), areaCode: '21', number: '81793134', dialString: '02181793134', trunkId: asId<TrunkId>(1), routeId: asId<RouteId>(1), callerId: '', reason: 'fresh', agentId: null }));
    stage.bus.publish('fact.CallAnswered', fact('CallAnswered', 9_970_000, { ...common, callId: dialed, contactId, campaignId, direction: 'campaign', ringMs: 1, from: '', to: '02181793134' }));
    inCall(dialed);
    await eventually(async () => (await get('api/status_ramal?ramal=10005')).includes(';127846;'));
    expect(await get('api/status_ramal?ramal=10005')).toBe('Carlos da Silva;10005;Discador;1;Campanha Clientes X;127846;0001;770.1;2181793134;30.000000');

    // Ringing is not yet in the call; wrapping up is no longer, though it may go on with somebody else.
    for (const [of, phoneStatus, shown] of [['ringing', 8, 'Tocando'], ['wrap-up', 0, 'Livre']] as const) {
      stage.bus.publish('signal.agent-state', state(21, '10005', { state: of, phoneStatus, callId: dialed }));
      await eventually(async () => (await get('api/status_ramal?ramal=10005')) === `Carlos da Silva;10005;${shown};Logado;1`);
    }
    const internal = asCallId('771.1');
    stage.bus.publish('fact.CallPlaced', fact('CallPlaced', 9_900_000, { ...common, callId: internal, direction: 'internal', from: '10005', to: '40009', extension: asExtension('10005') }));
    inCall(internal);
    await eventually(async () => (await get('api/status_ramal?ramal=10005')) === 'Carlos da Silva;10005;Ativa;40009;771.1;100.000000');
    stage.bus.publish('signal.agent-state', state(5, '40009', { state: 'talking', phoneStatus: 1, callId: internal }));
    await eventually(async () => (await get('api/status_ramal?id=5')) === 'Eduardo Moreira;40009;Receptiva;10005;40009;771.1;100.000000;');
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
    expect(await get(`api/campanhas?chave=&chave_seguranca=${key}`)).toContain('1;Campanha Clientes X');
    expect(await get(`api/campanhas?chave=errada&chave_seguranca=${key}`)).toBe('CHAVE DA API INVÁLIDA');
    for (const almost of [key.slice(0, -1), `${key}0`, key.toUpperCase(), `${key}%00`]) expect(await get(`api/campanhas?chave=${almost}`)).toBe('CHAVE DA API INVÁLIDA');
  });

  test('an ordinary extension is rung, then the number', async () => {
    await provoke('1.1.20', 'dialing', `api/discar?numero=984160601&ramal=10005&chave=${key}`, 'DISCANDO');
    expect(stage.asked.at(-1)).toMatchObject({ subject: 'acd.dial', request: { extension: '10005', number: '984160601' } });
    await provoke('1.1.20', 'parameters-invalid', `api/discar?numero=&ramal=10005&chave=${key}`, 'PARAMETROS INCORRETOS OU INVALIDOS');
    await provoke('1.1.20', 'parameters-invalid', `api/discar?numero=abc&ramal=10005&chave=${key}`, 'PARAMETROS INCORRETOS OU INVALIDOS');
    stage.answer('acd.dial', { ok: false, code: 'not-registered' });
    await provoke('1.1.20', 'parameters-invalid', `api/discar?numero=984160601&ramal=10005&chave=${key}`, 'PARAMETROS INCORRETOS OU INVALIDOS');
  });

  test('the example of 1.1.20, word for word', async () => {
    await provoke('1.1.20', 'dialing', 'api/discar?numero=984160601&ramal=40045&chave=db39eded0adfd54d1ce03d23dc333787', 'DISCANDO');
    expect(deskPhone.calls.at(-1)?.url).toBe('/goform/SavePhoneCAllInfoCfg?DialNumber=984160601&Operate=Dail&BlackListAccountID=127');
  });

  test('every refusal of the acd is one answer', async () => {
    for (const code of ['unknown-agent', 'not-registered', 'busy', 'no-route', 'not-allowed', 'invalid-number', 'failed'] as const) {
      stage.answer('acd.dial', { ok: false, code });
      await provoke('1.1.20', 'parameters-invalid', `api/discar?numero=984160601&ramal=10005&chave=${key}`, 'PARAMETROS INCORRETOS OU INVALIDOS');
    }
    for (const wrong of ['numero=984160601', 'ramal=10005', 'numero=984160601&ramal=abc']) {
      await provoke('1.1.20', 'parameters-invalid', `api/discar?${wrong}&chave=${key}`, 'PARAMETROS INCORRETOS OU INVALIDOS');
    }
    stage.answer('acd.dial', dialing);
  });

  test('a hardphone is asked by its own URL: the example of Khomp', async () => {
    await provoke('1.1.20', 'dialing', `api/discar?numero=2222&ramal=40045&chave=${key}`, 'DISCANDO');
    expect(deskPhone.calls.at(-1)).toEqual({
      url: '/goform/SavePhoneCAllInfoCfg?DialNumber=2222&Operate=Dail&BlackListAccountID=127',
      authorization: `Basic ${Buffer.from('root:root').toString('base64')}`,
    });
    deskPhone.status = 401;
    expect(await get(`api/discar?numero=2222&ramal=40045&chave=${key}`)).toBe('PARAMETROS INCORRETOS OU INVALIDOS');
    deskPhone.status = 200;
    expect(await get(`api/discar?numero=2222&ramal=40046&chave=${key}`)).toBe('PARAMETROS INCORRETOS OU INVALIDOS');
  });

  test('a shared extension is asked by its own URL: the example of Grandstream', async () => {
    expect(await get(`api/discar?numero=12345&ramal=50001&chave=${key}`)).toBe('DISCANDO');
    expect(deskPhone.calls.at(-1)?.url).toBe('/cgi-bin/api-make_call?phonenumber=12345&account=0&password=admin');
    const at = { agentId: asId<AgentId>(27), name: '', extension: asExtension('40111'), statusId: asId<UserStatusId>(1), phoneStatus: 0, registered: true, state: 'free', sinceAt: 1, queueIds: [], callId: null, campaignId: null } as const;
    stage.bus.publish('signal.agent-state', { ...at, sharedExtension: asExtension('50001') });
    await eventually(async () => (await get(`api/discar?numero=54321&ramal=40111&chave=${key}`)) === 'DISCANDO');
    expect(deskPhone.calls.at(-1)?.url).toBe('/cgi-bin/api-make_call?phonenumber=54321&account=0&password=admin');
    // A Grandstream refuses with 200.
    deskPhone.says = '{"response": "error", "body": "wrong password"}';
    expect(await get(`api/discar?numero=12345&ramal=50001&chave=${key}`)).toBe('PARAMETROS INCORRETOS OU INVALIDOS');
    deskPhone.says = '{"response":"success","body":true}';
    expect(await get(`api/discar?numero=12345&ramal=50001&chave=${key}`)).toBe('DISCANDO');
  });

  test('a shared extension without an address is looked for among the registrations, and refused when it is not there', async () => {
    stage.put('shared-extension', { id: 2, extension: '50002', phoneModel: 'grandstream', password: '1234' });
    stage.answer('telephony.bindings', { bindings: [] });
    expect(await get(`api/discar?numero=12345&ramal=50002&chave=${key}`)).toBe('PARAMETROS INCORRETOS OU INVALIDOS');
    expect(stage.asked.at(-1)?.subject).toBe('telephony.bindings');
    stage.remove('shared-extension', 2);
  });

  test('the log tells who called what and never the key', () => {
    const lines = stage.logged.filter(({ msg }) => msg === 'api');
    for (const answer of ['DISCANDO', 'PARAMETROS INCORRETOS OU INVALIDOS']) expect(lines).toContainEqual(expect.objectContaining({ caller: '127.0.0.1', function: 'discar', answer }));
    expect(JSON.stringify(stage.logged)).not.toContain(key);
  });

  test('an address that is not allowed is refused', async () => {
    stage.put('settings', { id: 1, apiKey: key, httpAllow: ['10.0.0.0/8', '!127.0.0.1'] });
    const response = await fetch(`http://127.0.0.1:${app.port()}/api/campanhas?chave=${key}`);
    expect([response.status, await response.text()]).toEqual([403, 'IP NAO TEM AUTORIZACAO PARA ACESSAR A API']);
    stage.put('settings', { id: 1 });
  });
});

everyLineWasProvoked('calls');
