import { asId, type CampaignId } from '@ritmo/domain';
import { afterEach, describe, expect, it } from 'vitest';
import { createCarrierDouble, type Answer, type CarrierDouble } from './testing/carrier-double.ts';
import { contactsToImport, startRig, until, type Rig, type RigOptions } from './testing/rig.ts';

const campaignId = asId<CampaignId>(1);
const by = { kind: 'admin' } as const;

let rig: Rig;
let carrier: CarrierDouble;

async function start(options: RigOptions & { readonly answer: (to: string) => Answer; readonly agents?: number; readonly channels?: number }): Promise<void> {
  rig = await startRig(options);
  carrier = createCarrierDouble({
    bus: rig.bus, journal: rig.context.journal, store: rig.store, nowMs: rig.context.clock.nowMs, agents: options.agents ?? 5,
    trunks: [{ id: 1, channels: options.channels ?? 50 }, { id: 2, channels: options.channels ?? 50 }],
    answer: (invite) => options.answer(invite.dialString),
  });
  await rig.app.start();
}

const importContacts = (contacts: ReturnType<typeof contactsToImport>) =>
  rig.bus.request('dialer.contacts.import', { campaignId, contacts, source: 'test', by });
const status = async () => {
  const [campaign] = (await rig.bus.request('dialer.status', { campaignId })).campaigns;
  if (!campaign) throw new Error('no campaign');
  return campaign;
};

afterEach(async () => {
  carrier.stop();
  await rig.close();
});

describe('a campaign', () => {
  it('dials every contact of a list once and finishes each', async () => {
    await start({ answer: (to) => (Number(to.slice(-2, -1)) % 2 === 0 ? { kind: 'answered', talkMs: 20 } : { kind: 'busy' }) });
    const reply = await importContacts(contactsToImport(60));
    expect(reply).toMatchObject({ ok: true, imported: 60, rejected: [] });
    await until('every contact finished', async () => (await rig.facts('ContactFinished')).length === 60);
    expect(carrier.invites).toHaveLength(60);
    expect(new Set(carrier.invites.map((invite) => invite.contactId)).size).toBe(60);
    await until('the index is up to date', async () => (await status()).attempts === 60 && (await status()).remainingDue === 0);
    expect(await status()).toMatchObject({ dialing: 0, delivered: 0, outcomes: { busy: 30, delivered: 30 }, byDisposition: { 7: 30, 22: 30 } });
  });
});
