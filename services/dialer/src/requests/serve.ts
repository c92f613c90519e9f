/** Every request `dialer.*`. */
import type { BusSubscription } from '@ritmo/bus';
import type { CampaignId } from '@ritmo/domain';
import { decisionsOf } from '../decisions.ts';
import type { Fleet } from '../fleet.ts';
import type { DialerParts } from '../parts.ts';
import type { Previews } from '../preview.ts';
import type { Replays } from '../replay/replays.ts';
import { readTallies } from '../tallies.ts';
import { addBlocked, removeBlocked } from './block-lists.ts';
import { isActive, setActive, statusOf } from './campaigns.ts';
import { addContactNote, addPhoneByParameter, changeContact, excludePhones, setDispositionByNumber } from './contacts.ts';
import { importContacts } from './import-contacts.ts';
import type { ImportIds } from './import-ids.ts';
import { whyAnswers } from './why.ts';

interface Served {
  readonly ids: ImportIds;
  readonly fleet: Fleet;
  readonly previews: Previews;
  readonly replays: Replays;
}

export function serveRequests(parts: DialerParts, { ids, fleet, previews, replays }: Served): BusSubscription[] {
  const { bus, directory, database } = parts.context;
  const activeNow = async (campaignId: CampaignId): Promise<boolean> => {
    const campaign = directory.get('campaign', campaignId);
    return fleet.get(campaignId)?.active ?? (campaign ? isActive(parts, campaign) : false);
  };
  let turn: Promise<unknown> = Promise.resolve();
  /** One change after the other: a toggle turns round what the one before it left. */
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const result = turn.then(work);
    turn = result.catch(() => undefined);
    return result;
  };
  return [
    bus.serve('dialer.campaign.set-active', (request) =>
      inTurn(async () => {
        if (!directory.get('campaign', request.campaignId)) return { ok: false, code: 'unknown-campaign' };
        // What is stored tells, up to now: another process may run it, or the index may be about to tell of a change before the last.
        await parts.indexed();
        const reply = await setActive(parts, request, await activeNow(request.campaignId));
        const runner = fleet.get(request.campaignId);
        if (runner && reply.ok) runner.active = reply.active;
        return reply;
      }),
    ),
    bus.serve('dialer.contacts.import', (request) => importContacts(parts, ids, request)),
    bus.serve('dialer.disposition.set', (request) => setDispositionByNumber(parts, request)),
    bus.serve('dialer.phone.add', (request) => addPhoneByParameter(parts, ids.phoneIds, request)),
    bus.serve('dialer.phone.exclude', (request) => excludePhones(parts, request)),
    bus.serve('dialer.contact.change', (request) => changeContact(parts, request)),
    bus.serve('dialer.note.add', (request) => addContactNote(parts, request)),
    bus.serve('dialer.blocklist.add', (request) => addBlocked(parts, request)),
    bus.serve('dialer.blocklist.remove', (request) => removeBlocked(parts, request)),
    bus.serve(
      'dialer.preview.answer',
      async (request) => {
        const reply = await previews.answer(request);
        if (reply) return reply;
        const { state } = await parts.book.load(request.contactId);
        // Another process may have made the offer, unless the contact's campaign runs here.
        return state.status === 'none' || fleet.get(state.contact.campaignId) ? { ok: false, code: 'not-offered' } : undefined;
      },
      { scope: 'owner' },
    ),
    bus.serve('dialer.why', (request) => whyAnswers(parts, request, activeNow)),
    bus.serve('dialer.pacing', (request) => decisionsOf(database, request, fleet.get(request.campaignId)?.lastDecision ?? null)),
    bus.serve('dialer.replay.start', (request) => replays.start(request)),
    bus.serve('dialer.replay.status', ({ replayId }) => replays.status(replayId), { scope: 'owner' }),
    bus.serve('dialer.status', async ({ campaignId }) => {
      const tallies = await readTallies(database);
      const campaigns = directory.all('campaign').filter(({ id }) => campaignId === null || id === campaignId);
      return {
        campaigns: campaigns.map((campaign) => {
          const runner = fleet.get(campaign.id);
          const tally = tallies.get(campaign.id as CampaignId);
          return statusOf(parts, campaign, runner?.active ?? tally?.active ?? campaign.active, tally, runner);
        }),
      };
    }),
  ];
}
