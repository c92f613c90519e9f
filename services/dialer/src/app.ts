import { migrate } from '@ritmo/database';
import type { BusSubscription } from '@ritmo/bus';
import type { CampaignId } from '@ritmo/domain';
import { createCallIdAllocator, type ServiceApp, type ServiceContext } from '@ritmo/service-kit';
import { createAgentBoard } from './agent-board.ts';
import { announceDueCallbacks } from './agent-callbacks.ts';
import { createCallbackTurns } from './callback-turns.ts';
import { createCallFacts } from './call-facts.ts';
import { createCallsInFlight } from './calls-in-flight.ts';
import { createClaims } from './claims.ts';
import { createContactBook } from './contact-book.ts';
import { createFeed } from './feed.ts';
import { createFleet } from './fleet.ts';
import { createMetrics } from './metrics.ts';
import { withDefaults, type DialerOptions } from './options.ts';
import { createOwnership } from './ownership.ts';
import type { DialerParts } from './parts.ts';
import { dayZoneOf } from './rules.ts';
import { createPreviews } from './preview.ts';
import { createReconciliation } from './reconcile.ts';
import { createReplays } from './replay/replays.ts';
import { serveRequests } from './requests/serve.ts';
import { createShortCalls } from './short-calls.ts';
import { createTrunkRoom } from './trunk-room.ts';
import { createIdBlocks } from './work-index.ts';

const callbacksEveryMs = 1_000;

/** Campaigns, contacts, attempts: who is called next, on which phone, on which trunk, when. */
export function createDialerApp(context: ServiceContext, options: DialerOptions = {}): ServiceApp {
  const { database, events, directory, log } = context;
  const settings = withDefaults(options);
  const parts: DialerParts = {
    context,
    settings,
    book: createContactBook(context),
    calls: createCallsInFlight(),
    agents: createAgentBoard(context),
    claims: createClaims(context),
    trunks: createTrunkRoom(context),
    shortCalls: createShortCalls(context),
    callIds: createCallIdAllocator(context),
    metrics: createMetrics(context.metrics),
    indexed: () => feed.caughtUp(),
    callbackTurns: createCallbackTurns(context, () => feed.caughtUp()),
  };
  const previews = createPreviews(parts);
  const replays = createReplays(parts);
  const fleet = createFleet(parts, previews);
  const facts = createCallFacts(parts, fleet.get, fleet.all);
  const reconciliation = createReconciliation(parts, facts);
  const feed = createFeed({
    database,
    events,
    dayZone: () => dayZoneOf(context),
    graceOf: (campaignId) => {
      const campaign = directory.get('campaign', campaignId);
      return { ms: campaign?.graceMs ?? 2_000, clock: campaign?.graceClock ?? 'answer' };
    },
    onApplied: parts.book.forget,
    onActive: (campaignId, active) => fleet.setActive(campaignId, active),
  });
  const ownership = createOwnership(context, {
    wanted: () => directory.all('campaign').map(({ id }) => id as CampaignId).filter(settings.mayRun),
    async onGained(campaignId) {
      // The last owner's facts first: an attempt that is not in the index would be dialed again.
      await feed.caughtUp();
      const runner = await fleet.add(campaignId);
      await previews.recover(campaignId);
      await reconciliation.run([runner]);
    },
    onLost: (campaignId) => fleet.remove(campaignId),
  });
  const ids = { contactIds: createIdBlocks(database, 'contact_ids'), phoneIds: createIdBlocks(database, 'phone_ids') };
  const subscriptions: BusSubscription[] = [];
  const loops: { stop(): Promise<void> }[] = [];
  let started = false;

  return {
    name: 'dialer',
    async start() {
      await migrate(database, { owner: 'dialer', folder: new URL('../sql', import.meta.url) });
      started = true;
      await feed.start();
      parts.agents.start();
      parts.claims.start();
      parts.trunks.start();
      await parts.shortCalls.start();
      facts.start();
      subscriptions.push(...serveRequests(parts, { ids, fleet, previews, replays }), ...fleet.subscribe());
      await feed.caughtUp();
      ownership.start();
      const startedAt = context.clock.nowMs();
      const announcements = { startedAt, settledAt: startedAt + settings.callbackSettleMs };
      loops.push(
        every(settings.tickMs, () => fleet.tick(), log),
        every(settings.reconcileMs, () => reconciliation.run([...fleet.all()]), log),
        every(callbacksEveryMs, () => announceDueCallbacks(parts, announcements), log),
      );
      context.health.register('dialer', () => fleet.health());
    },
    async stop(stopOptions) {
      if (!started) return;
      started = false;
      // No new attempts; what is in flight may still end while telephony finishes its calls.
      fleet.pause();
      await Promise.all(loops.splice(0).map((loop) => loop.stop()));
      const until = performance.now() + (stopOptions?.graceMs ?? 0);
      while (parts.calls.size > 0 && performance.now() < until) await new Promise((resolve) => setTimeout(resolve, 20));
      for (const subscription of subscriptions.splice(0)) subscription.stop();
      await replays.stop();
      facts.stop();
      await facts.idle();
      parts.agents.stop();
      parts.claims.stop();
      parts.trunks.stop();
      parts.shortCalls.stop();
      await ownership.stop();
      await feed.stop();
    },
  };
}

/** Runs the work again and again, never twice at once; a run that takes longer than the interval delays the next. */
function every(intervalMs: number, work: () => Promise<unknown>, log: ServiceContext['log']): { stop(): Promise<void> } {
  let running: Promise<unknown> | null = null;
  const timer = setInterval(() => {
    if (running) return;
    running = work()
      .catch((error: unknown) => log.error({ err: error }, 'a turn of the dialer failed; the next one tries again'))
      .finally(() => {
        running = null;
      });
  }, intervalMs);
  return {
    async stop() {
      clearInterval(timer);
      await running;
    },
  };
}
