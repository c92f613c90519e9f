/** For tests: one rig and one carrier per test, put up by `start` and taken down after it. */
import { asId, type CampaignId, type ContactId, type DomainEvent } from '@ritmo/domain';
import { afterEach } from 'vitest';
import { createCarrierDouble, type Answer, type CarrierDouble } from './carrier-double.ts';
import { type contactsToImport, startRig, until, type Rig, type RigOptions } from './rig.ts';

export const campaignId = asId<CampaignId>(1);
export const by = { kind: 'admin' } as const;

export let rig: Rig;
export let carrier: CarrierDouble;

export async function start(options: RigOptions & { readonly answer: (to: string, callId: string) => Answer; /** False: the test starts dialers of its own. */ readonly startDialer?: boolean; readonly ringMs?: number; readonly perSecond?: number; readonly agents?: number; readonly channels?: number }): Promise<void> {
  rig = await startRig(options);
  carrier = createCarrierDouble({
    bus: rig.bus, journal: rig.context.journal, store: rig.store, nowMs: rig.context.clock.nowMs, agents: options.agents ?? 5,
    trunks: [{ id: 1, channels: options.channels ?? 50, perSecond: options.perSecond ?? 1_000 }, { id: 2, channels: options.channels ?? 50 }],
    ringMs: options.ringMs ?? 10, answer: (invite) => options.answer(invite.dialString, invite.callId),
  });
  if (options.startDialer !== false) await rig.app.start();
}

export const importContacts = (contacts: ReturnType<typeof contactsToImport>) =>
  rig.bus.request('dialer.contacts.import', { campaignId, contacts, source: 'test', by });
export const status = async () => {
  const [campaign] = (await rig.bus.request('dialer.status', { campaignId })).campaigns;
  if (!campaign) throw new Error('no campaign');
  return campaign;
};

export const importOne = async (contact: Parameters<typeof rig.bus.request<'dialer.contacts.import'>>[1]['contacts'][number]): Promise<ContactId> => {
  const reply = await rig.bus.request('dialer.contacts.import', { campaignId, contacts: [contact], source: 'test', by });
  if (!reply.ok || reply.contactIds[0] === undefined) throw new Error(JSON.stringify(reply));
  return reply.contactIds[0];
};
export const factsOf = async <T extends DomainEvent['type']>(type: T): Promise<DomainEvent<T>[]> => (await rig.facts(type)) as unknown as DomainEvent<T>[];
export const indexed = async (): Promise<void> => {
  const head = await rig.events.head();
  await until('the index has read everything', async () => {
    const { rows } = await rig.database.query<{ behind: boolean }>('SELECT coalesce(position, -1) < $1 AS behind FROM dialer.checkpoint', [String(head ?? -1n)]);
    if (rows[0]?.behind !== true) return true;
    const waiting = await rig.events.readAll({ limit: 1_000_000 });
    const { rows: at } = await rig.database.query<{ position: number }>('SELECT position FROM dialer.checkpoint');
    return waiting.every((event) => event.position <= BigInt(at[0]?.position ?? -1) || !/Contact|Attempt|Phone|Number|Campaign(A|D)|Disposition|Callback|Preview|CallDelivered|AnswerClassified/.test(event.type));
  });
};

afterEach(async () => {
  carrier.stop();
  await rig.close();
});


export const mobile = (tail: string) => ({ areaCode: '11', number: `9000${tail}` });
/** Never open: the window of a day that never comes. */
export const closedWindow = { name: 'closed', periods: [{ days: [0, 1, 2, 3, 4, 5, 6], from: '00:00', to: '24:00' }], holidays: days(-2, 400) };
function days(from: number, to: number): string[] {
  return Array.from({ length: to - from }, (_, index) => new Date(Date.now() + (from + index) * 86_400_000).toISOString().slice(0, 10));
}

