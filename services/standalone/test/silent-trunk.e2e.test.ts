/** The first trunk of a route takes INVITEs and says nothing: the dialer tries the next one, and the person is called once, whatever the first one says later. */
import { asId, type CampaignId, type DomainEvent } from '@ritmo/domain';
import { RawPeer } from '@ritmo/sip/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { demoCampaignId } from '../src/demo/demo-config.ts';
import { until, WholeSystem } from './whole-system.ts';

const patience = 120_000;
const sdp = 'v=0\r\no=- 2 2 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 40000 RTP/AVP 8\r\n';
const facts: DomainEvent[] = [];
let system: WholeSystem;
let mute: RawPeer;

beforeAll(async () => {
  mute = await new RawPeer().open(0);
  system = await WholeSystem.start({
    name: 'silent', agents: 1, mode: 'progressive', carrier: { seed: 7, rules: [{ lastDigits: '984160701', behaviour: 'answer' }] },
    seed: ({ trunks = [], campaigns }) => ({
      trunks: [...trunks, { id: 2, name: 'Muda', host: '127.0.0.1', port: mute.port, optionsIntervalS: 0, silenceTimeoutS: 1 }],
      campaigns: [{ ...campaigns?.[0], active: true }],
      routes: [{ id: 1, name: 'Todas', trunks: [2, 1], homeAreaCode: '11' }],
    }),
    phones: { seed: 8, extensions: ['2001'], answerDelayMs: { min: 100, max: 200 }, talkMs: { min: 4_000, max: 4_100 }, hangsUpP: 1 },
  });
  system.ritmo.foundations.context.bus.subscribe('fact.*', (event) => void facts.push(event as DomainEvent));
  await system.ready(1);
}, patience);

afterAll(async () => {
  await system.stop();
  mute.close();
}, patience);

const of = <T extends DomainEvent['type']>(type: T): readonly DomainEvent<T>['data'][] => facts.filter((fact) => fact.type === type).map(({ data }) => data as DomainEvent<T>['data']);

it('delivers the call of the second trunk, and hangs up on who picks up at the first one meanwhile', { timeout: patience }, async () => {
  const reply = await system.ritmo.foundations.context.bus.request('dialer.contacts.import', {
    campaignId: asId<CampaignId>(demoCampaignId), source: 'test', by: { kind: 'admin' },
    contacts: [{ parameters: ['1', 'Ana'], phones: [{ areaCode: '11', number: '984160701', priority: 1 }] }],
  });
  expect(reply).toMatchObject({ ok: true, imported: 1 });
  const request = await mute.next(/^INVITE sip:11984160701@/);
  await until('the call over the second trunk', () => of('CallDelivered').length === 1);
  mute.reply(request, '200 OK', 'late', '', sdp);
  await mute.next(/^ACK/);
  mute.reply(await mute.next(/^BYE/), '200 OK', 'late');
  await until('the end of both attempts', () => of('AttemptEnded').length === 2);
  expect(of('AttemptStarted').map(({ trunkId, reason }) => [trunkId, reason])).toEqual([[2, 'fresh'], [1, 'failover']]);
  expect(of('AttemptEnded').map(({ outcome }) => outcome)).toEqual(['trunk-failure', 'delivered']);
  expect([of('CallAnswered').length, of('CallDelivered').length, of('CallAbandoned').length]).toEqual([1, 1, 0]);
  expect(new Set(mute.received.map((each) => /^Call-ID: (.*)\r$/m.exec(each)?.[1])).size).toBe(1);
  expect(system.carrier.stats()).toMatchObject({ invitesSeen: 1, duplicateCallIds: [] });
});
