import { asExtension } from '@ritmo/domain';
import { describe, expect, it } from 'vitest';
import { contactsToImport, until } from './testing/rig.ts';
import { by, campaignId, carrier, factsOf, importContacts, importOne, indexed, mobile, rig, start, status } from './testing/stage.ts';

describe('what agents and integrators do', () => {
  const set = (changed: Partial<Parameters<typeof rig.bus.request<'dialer.disposition.set'>>[1]>) =>
    rig.bus.request('dialer.disposition.set', {
      campaignId, parameter1: 'a', number: '900000001', dispositionId: 100, extension: asExtension('1001'), at: null, callId: null, by, ...changed,
    });

  it('a finishing disposition during the call ends the contact with all of its phones', async () => {
    await start({ answer: () => ({ kind: 'answered', talkMs: 200 }) });
    await importOne({ parameters: ['a'], phones: [mobile('00001'), mobile('00002')] });
    await until('a conversation', async () => (await rig.facts('CallDelivered')).length === 1);
    expect(await set({})).toEqual({ ok: true });
    await until('the end', async () => (await rig.facts('ContactFinished')).length === 1);
    expect((await factsOf('AttemptEnded'))[0]?.data).toMatchObject({ dispositionId: 100, next: { kind: 'finished' } });
    expect(carrier.invites).toHaveLength(1);
    expect((await rig.bus.request('dialer.why', { number: '900000002', campaignId })).found[0]).toMatchObject({ rule: 'finished', explanation: expect.stringContaining('Venda') as string });
  });

  it('a disposition after the call replaces Entregue Sem Tabulação and lets the next phone go on', async () => {
    await start({ answer: (to) => (to.endsWith('1') ? { kind: 'answered', talkMs: 10 } : { kind: 'busy' }) });
    await importOne({ parameters: ['a'], phones: [mobile('00001'), mobile('00002')] });
    await until('the first end', async () => (await rig.facts('AttemptEnded')).length === 1);
    await indexed();
    expect(carrier.invites).toHaveLength(1);
    expect((await status()).byDisposition).toEqual({ 22: 1 });
    expect(await set({ dispositionId: 102 })).toEqual({ ok: true });
    await until('the next phone', () => carrier.invites.length === 2);
    await until('counted once', async () => JSON.stringify((await status()).byDisposition) === '{"7":1,"102":1}');
  });

  it('a callback is dialed at its time, on the phone that it names, and the strategy goes on after it', async () => {
    await start({ answer: (to) => (to.endsWith('1') ? { kind: 'answered', talkMs: 100 } : { kind: 'busy' }) });
    await importOne({ parameters: ['a'], phones: [mobile('00001'), mobile('00002'), mobile('00003')] });
    await until('a conversation', async () => (await rig.facts('CallDelivered')).length === 1);
    const at = Date.now() + 700;
    // The third phone is scheduled first, then the phone in the call gets its disposition (manual 1.2.2.3).
    expect(await set({ dispositionId: 101, number: '900000003', at })).toEqual({ ok: true });
    expect(await set({ dispositionId: 102 })).toEqual({ ok: true });
    await until('three calls', () => carrier.invites.length === 3);
    expect(carrier.invites.map((invite) => invite.dialString.slice(-1))).toEqual(['1', '3', '2']);
    const started = await factsOf('AttemptStarted');
    expect(started.map(({ data }) => data.reason)).toEqual(['fresh', 'callback', 'fresh']);
    expect(started[1]?.at).toBeGreaterThanOrEqual(at);
  });

  it('refusals name what is wrong', async () => {
    await start({ answer: () => ({ kind: 'hangs' }), campaign: { maxCallbacksPerContact: 1 } });
    await importOne({ parameters: ['a'], phones: [mobile('00001')] });
    await until('a call', () => carrier.invites.length === 1);
    await indexed();
    expect(await set({ parameter1: 'nobody' })).toMatchObject({ code: 'contact-not-found' });
    expect(await set({ number: '33553434' })).toMatchObject({ code: 'contact-not-found' });
    expect(await set({ dispositionId: 999 })).toMatchObject({ code: 'unknown-disposition' });
    expect(await set({ extension: asExtension('9') })).toMatchObject({ code: 'unknown-agent' });
    expect(await set({ dispositionId: 101, at: Date.now() + 1e6 })).toEqual({ ok: true });
    expect(await set({ dispositionId: 101, at: Date.now() + 1e6 })).toMatchObject({ code: 'callbacks-exceeded' });
  });

  it('phones are added by a parameter, with a priority that is free', async () => {
    await start({ answer: () => ({ kind: 'busy' }), campaign: { active: false, maxPhones: 3 } });
    await importContacts([
      { parameters: ['a', 'twice'], phones: [mobile('00001')] },
      { parameters: ['b', 'twice'], phones: [mobile('00002')] },
    ]);
    await indexed();
    const add = (changed: object) =>
      rig.bus.request('dialer.phone.add', { campaignId, parameterIndex: 1, parameterValue: 'a', priority: 2, areaCode: '11', number: '900000009', by, ...changed });
    expect(await add({})).toMatchObject({ ok: true });
    expect(await add({})).toMatchObject({ code: 'priority-taken' });
    expect(await add({ priority: 4 })).toMatchObject({ code: 'priority-over-limit' });
    expect(await add({ priority: 3, number: '12' })).toMatchObject({ code: 'invalid-number' });
    expect(await add({ parameterIndex: 2, parameterValue: 'twice' })).toMatchObject({ code: 'several-contacts' });
    expect(await add({ parameterIndex: 7 })).toMatchObject({ code: 'unknown-parameter' });
    expect(await add({ parameterValue: 'c' })).toMatchObject({ code: 'contact-not-found' });
    expect(await add({ campaignId: 9 })).toMatchObject({ code: 'unknown-campaign' });
  });

  it('a phone is excluded, unless it is being called', async () => {
    await start({ answer: () => ({ kind: 'hangs' }), agents: 1 });
    await importContacts(contactsToImport(2));
    await until('a call', () => carrier.invites.length === 1);
    await indexed();
    const [called] = carrier.invites;
    const other = (await factsOf('ContactImported')).map(({ data }) => data.phones[0]?.phoneId).find((phoneId) => phoneId !== called?.phoneId);
    const exclude = (phoneId: number | null) => rig.bus.request('dialer.phone.exclude', { phoneId: phoneId as never, campaignId: phoneId === null ? campaignId : null, by });
    expect(await exclude(called?.phoneId ?? 0)).toMatchObject({ code: 'intermediate' });
    expect(await exclude(other ?? 0)).toEqual({ ok: true, excluded: 1 });
    expect(await exclude(other ?? 0)).toMatchObject({ code: 'not-found' });
    expect(await exclude(null)).toEqual({ ok: true, excluded: 0 });
    expect((await factsOf('ContactFinished')).map(({ data }) => data.reason)).toEqual(['excluded']);
  });

  it('of a whole campaign every phone goes but the one that is being called, and every contact that is left without one ends', async () => {
    await start({ answer: () => ({ kind: 'hangs' }), agents: 1 });
    await importContacts(Array.from({ length: 250 }, (_, index) => ({ parameters: [String(index)], phones: [mobile(String(10_000 + index)), mobile(String(20_000 + index))] })));
    await until('a call', () => carrier.invites.length === 1);
    const exclude = () => rig.bus.request('dialer.phone.exclude', { phoneId: null, campaignId, by });
    expect(await exclude()).toEqual({ ok: true, excluded: 499 });
    expect(await exclude()).toEqual({ ok: true, excluded: 0 });
    expect(await factsOf('ContactFinished')).toHaveLength(249);
    expect((await factsOf('PhoneExcluded')).some(({ data }) => data.phoneId === carrier.invites[0]?.phoneId)).toBe(false);
  });

  it('a parameter that was changed a moment ago is not found under its old value', async () => {
    await start({ answer: () => ({ kind: 'busy' }), campaign: { active: false } });
    await importOne({ parameters: ['a', 'old'], phones: [mobile('00001')] });
    const change = (value: string) => rig.bus.request('dialer.contact.change', { campaignId, parameterIndex: 2, value, newParameterIndex: 2, newValue: 'new', by });
    expect(await change('old')).toEqual({ ok: true, changed: 1 });
    expect(await change('old')).toMatchObject({ code: 'contact-not-found' });
    expect(await change('new')).toEqual({ ok: true, changed: 1 });
  });

  it('a phone is excluded while its call is in the hands of an agent, and is not called again', async () => {
    await start({ answer: (to) => (to.endsWith('1') ? { kind: 'answered', talkMs: 400 } : { kind: 'busy' }), campaign: { retries: [{ outcome: 'busy', samePhoneTries: 3, afterMinutes: 0, then: 'next-phone', nextPhoneAfterMinutes: 0 }] } });
    await importOne({ parameters: ['a'], phones: [mobile('00001'), mobile('00002')] });
    await until('a conversation', async () => (await rig.facts('CallDelivered')).length === 1);
    await indexed();
    const [talking] = carrier.invites;
    expect(await rig.bus.request('dialer.phone.exclude', { phoneId: talking?.phoneId as never, campaignId: null, by })).toEqual({ ok: true, excluded: 1 });
    expect(await set({ dispositionId: 102 })).toEqual({ ok: true });
    await until('the other phone, as often as the strategy says', async () => (await rig.facts('ContactFinished')).length === 1);
    expect(carrier.invites.map(({ dialString }) => dialString.slice(-1))).toEqual(['1', '2', '2', '2', '2']);
  });

  it('a parameter is changed and found under its new value', async () => {
    await start({ answer: () => ({ kind: 'busy' }), campaign: { active: false } });
    const contactId = await importOne({ parameters: ['a', 'old'], phones: [mobile('00001')] });
    await indexed();
    const change = { campaignId, parameterIndex: 1, value: 'a', newParameterIndex: 2, newValue: 'new', by };
    expect(await rig.bus.request('dialer.contact.change', change)).toEqual({ ok: true, changed: 1 });
    expect(await rig.bus.request('dialer.contact.change', { ...change, value: 'b' })).toMatchObject({ code: 'contact-not-found' });
    expect(await rig.bus.request('dialer.note.add', { campaignId, contactId, phoneId: null, extension: asExtension('1001'), text: 'hi' })).toEqual({ ok: true });
    await indexed();
    expect((await rig.database.query('SELECT parameter1, parameter2 FROM dialer.contacts')).rows).toEqual([{ parameter1: 'a', parameter2: 'new' }]);
  });

  it('makes no contact twice of a batch that is sent again, whatever was stored of it', async () => {
    await start({ answer: () => ({ kind: 'busy' }) });
    const contacts = [...contactsToImport(30), { parameters: ['bad'], phones: [], place: 31 }, ...contactsToImport(5, 1, 200)];
    const send = (number: number, sent = contacts) =>
      rig.bus.request('dialer.contacts.import', { campaignId, contacts: sent, source: 'list.txt', batch: { importId: '9', number }, by });
    const first = await send(0);
    const again = await send(0);
    expect(first).toMatchObject({ ok: true, imported: 35, rejected: [{ index: 30, place: 31 }] });
    expect(again).toEqual(first);
    // Ids were set aside, and the process was gone before anything was written.
    await rig.database.query(`INSERT INTO dialer.import_batches VALUES ('9', 1, '{900001, 10}', '{900001, 7, 900100, 3}')`);
    expect(await send(1, contactsToImport(10, 1, 400))).toMatchObject({ imported: 10, contactIds: Array.from({ length: 10 }, (_, index) => 900_001 + index) });
    const imported = (await factsOf('ContactImported')).map(({ data }) => data.contactId);
    expect(new Set(imported).size).toBe(imported.length);
    expect((await send(2)).ok).toBe(true);
  });

  it('a bad contact is refused with its place and costs only itself', async () => {
    await start({ answer: () => ({ kind: 'busy' }), campaign: { active: false } });
    const reply = await rig.bus.request('dialer.contacts.import', {
      campaignId, source: 'test', by,
      contacts: [
        { parameters: ['a'], phones: [{ areaCode: '20', number: '900000001' }], place: 7 },
        { parameters: ['b'], phones: [], place: 8 },
        { parameters: ['c'], phones: [{ areaCode: '', number: '33553434' }], place: 9 },
      ],
    });
    expect(reply).toMatchObject({ ok: true, imported: 1, rejected: [{ index: 0, place: 7 }, { index: 1, place: 8, code: 'no-number', reason: 'no telephone number' }] });
    expect((await factsOf('ContactImported'))[0]?.data.phones[0]).toMatchObject({ areaCode: '11', number: '33553434' });
  });
});
