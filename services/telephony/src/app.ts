/** Carries out calls and reports what the wire said. It decides nothing: not whom to dial, not which agent to ring. */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { BusSubscription } from '@ritmo/bus';
import { migrate } from '@ritmo/database';
import type { CallId } from '@ritmo/domain';
import type { MediaEngine } from '@ritmo/media';
import { createCallIdAllocator, tellHealth, type HealthTeller, type ServiceApp, type ServiceContext } from '@ritmo/service-kit';
import type { SipHandlers, SipStack } from '@ritmo/sip';
import { createBindings } from './bindings.ts';
import type { Call } from './call/call.ts';
import type { CallWires } from './call/wires.ts';
import { dialogIdsWith, readDialogSecret, type DialogIdsOf } from './dialog-ids.ts';
import { createIncomingCalls } from './incoming.ts';
import { recoverInternalCalls } from './internal-recovery.ts';
import { findDialog } from './internal-transfer.ts';
import { createTelephonyMetrics } from './metrics.ts';
import { mediaHealth } from './media-health.ts';
import { createOpenCalls } from './open-calls.ts';
import { createPeople } from './people.ts';
import { createRecovery } from './recovery.ts';
import { watchDurations } from './rights.ts';
import { ringingPhone } from './ringing-phone.ts';
import { serveRequests } from './requests.ts';
import { createSoundFinder } from './sounds.ts';
import { TrunkBook } from './trunk-book.ts';
import { createTrunkLocks } from './trunk-locks.ts';

export interface TelephonyOptions {
  /** Makes the stack that calls our handlers. Started and stopped by the service. */
  readonly sip: (handlers: SipHandlers) => SipStack;
  readonly media: () => MediaEngine;
  /** Host part of our SIP Call-IDs and of From. */
  readonly sipDomain: string;
  /** Default `<dataDir>/recordings`. */
  readonly recordingsDir?: string;
  /** The installation's own sounds; the shipped ones are found without it. Default `<dataDir>/sounds`. */
  readonly soundsDir?: string;
  /** How long a reserved slot is kept. Default 3 000. */
  readonly slotLeaseMs?: number;
  /** What the way to the carrier may take from the distance between two INVITEs without the limit being broken there. Default 70. */
  readonly rateMarginMs?: number;
  /** Default 3 000. */
  readonly optionsTimeoutMs?: number;
  /** How long a trunk that says nothing to INVITEs is left alone. Default 30 000. */
  readonly silentTrunkRestMs?: number;
  /** Default 2 000. */
  readonly ownershipRetryMs?: number;
}

export interface TelephonyApp extends ServiceApp {
  /** Where SIP is heard, once started. */
  readonly address: { readonly host: string; readonly port: number; readonly tlsPort?: number } | undefined;
  /** Everything that a call occupies. All zero when nothing goes on. */
  occupied(): { readonly calls: number; readonly channels: number; readonly dialogs: number; readonly mediaSessions: number; readonly mediaLegs: number };
}

const defaultGraceMs = 10_000;
/** How long calls that are hung up at the stop may take to say so. */
const farewellMs = 3_000;

/** RTP. */
const defaultMediaTimeoutS = 60;

export function createTelephonyApp(context: ServiceContext, options: TelephonyOptions): TelephonyApp {
  const { bus, database, journal, clock, directory } = context;
  const log = context.log.child({ service: 'telephony' });
  const calls = new Map<CallId, Call>();
  const metrics = createTelephonyMetrics(context.metrics);
  const people = createPeople(directory);
  const bindings = createBindings({ database, bus, clock, node: `${context.node} ${randomUUID()}`, log });
  const openCalls = createOpenCalls({ database, node: context.node, log, pendingFacts: () => journal.pending });
  const locks = createTrunkLocks({ database, log, lost: () => void trunks.ownershipLost() });
  const trunks: TrunkBook = new TrunkBook({
    context,
    locks,
    hasCalls: (id) => [...calls.values()].some((call) => call.identity.trunkId === id),
    options: {
      leaseMs: options.slotLeaseMs ?? 3_000,
      rateMarginMs: options.rateMarginMs ?? 70,
      optionsTimeoutMs: options.optionsTimeoutMs ?? 3_000,
      silentTrunkRestMs: options.silentTrunkRestMs ?? 30_000,
      ownershipRetryMs: options.ownershipRetryMs ?? 2_000,
    },
    taken: async (trunk) => {
      // Calls that went on while the trunk was not ours still occupy it.
      for (const call of calls.values()) if (call.identity.trunkId === trunk.id) trunk.ledger.addOrphan(call.id);
      await recovery.recover(trunk, (callId) => calls.has(callId));
    },
  });
  const media = options.media();
  const sip = options.sip({
    classify(source, fromUser) {
      if (trunks.byAddress(source.host, source.port)) return 'trunk';
      if (trunks.byAddress(source.host)) return people.isExtension(fromUser) ? 'extension' : 'trunk';
      // From anywhere else every name that an extension may have is challenged: neither an answer nor silence tells which ones exist.
      return people.mayBeExtension(fromUser) ? 'extension' : 'unknown';
    },
    credentialsOf: (user) => people.credentialsOf(user),
    incoming: (call) => incoming.came(call),
    registered: (binding) => bindings.registered(binding),
    unregistered: (user, reason) => bindings.unregistered(user, reason),
    trouble: (error) => log.warn({ err: error }, 'SIP trouble'),
  });
  const recovery = createRecovery({ context, openCalls, sip, ringingPhone: (callId) => ringingPhone({ context, sip, bindings, sipDomain: options.sipDomain, dialogIds }, callId), freed: (trunk) => trunks.roomChanged(trunk.id) });
  const wires: CallWires = {
    sip, media, bus, journal, clock, log, bindings, openCalls, metrics,
    sounds: createSoundFinder(options.soundsDir ?? join(context.dataDir, 'sounds')),
    sipDomain: options.sipDomain,
    dialogIds: (sipCallId) => dialogIds(sipCallId),
    recordingsDir: options.recordingsDir ?? join(context.dataDir, 'recordings'),
    mediaTimeoutMs: () => (directory.get('settings', 1)?.mediaTimeoutS ?? defaultMediaTimeoutS) * 1_000,
    channelFree({ trunkId, callId }) {
      trunks.freeCall(trunkId, callId);
      openCalls.end(callId);
    },
    callOfDialog: (replaces, asker) => findDialog(calls.values(), replaces, asker)?.id,
    over(callId) {
      calls.delete(callId);
    },
  };
  let dialogIds: DialogIdsOf = () => {
    throw new Error('telephony has not started');
  };
  let isAccepting = false;
  let mediaTeller: HealthTeller | undefined;
  const accepting = (): boolean => isAccepting;
  const incoming = createIncomingCalls({
    context, trunks, calls, accepting, wires: () => wires,
    callIds: createCallIdAllocator({ database, clock }),
  });
  let served: readonly BusSubscription[] = [];
  let durations: ReturnType<typeof watchDurations> | undefined;
  let address: TelephonyApp['address'];
  let stopping: Promise<void> | undefined;

  const waitUntilQuiet = async (limitMs: number): Promise<void> => {
    for (const deadline = performance.now() + limitMs; calls.size > 0 && performance.now() < deadline; ) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };

  const stop = async (graceMs: number): Promise<void> => {
    isAccepting = false;
    incoming.stop();
    await waitUntilQuiet(graceMs);
    for (const call of [...calls.values()]) {
      call.end({ by: 'system', outcome: call.answeredAt === null ? 'cancelled' : 'answered', reason: 'the service stops' });
    }
    await waitUntilQuiet(farewellMs);
    // The far ends must hear of it before the sockets close.
    for (const deadline = performance.now() + farewellMs; sip.stats.dialogs > 0 && performance.now() < deadline; ) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    for (const subscription of served) subscription.stop();
    recovery.stop();
    mediaTeller?.stop();
    durations?.stop();
    mediaTeller?.stop();
    await trunks.stop();
    people.stop();
    await sip.stop();
    await media.stop();
    await bindings.stop();
    await journal.flush();
    await openCalls.close();
    await locks.close();
  };

  return {
    name: 'telephony',
    get address() {
      return address;
    },
    occupied() {
      const channels = trunks.statuses().reduce((sum, { channelsUsed }) => sum + channelsUsed, 0);
      return { calls: calls.size, channels, dialogs: sip.stats.dialogs, mediaSessions: media.stats.sessions, mediaLegs: media.stats.legs };
    },
    async start() {
      await migrate(database, { owner: 'telephony', folder: new URL('../sql', import.meta.url) });
      dialogIds = dialogIdsWith(await readDialogSecret(database));
      await media.start();
      address = await sip.start();
      await bindings.start();
      await recoverInternalCalls(context, recovery);
      await trunks.start(sip);
      served = serveRequests({ context, calls, trunks, bindings, incoming, wires, accepting });
      durations = watchDurations({ context, calls, tooLong: () => metrics.tooLong() });
      isAccepting = true;
      metrics.setLive(() => calls.size);
      metrics.setChannels(() => trunks.statuses().map(({ name, channelsUsed, channelLimit }) => ({ trunk: name, used: channelsUsed, limit: channelLimit })));
      mediaTeller = tellHealth(context, 'media', () => mediaHealth(media.state));
      context.health.register('telephony', () => {
        const down = trunks.statuses().filter(({ up }) => !up);
        const detail = down.length === 0 ? `${calls.size} calls` : `troncos fora do ar: ${down.map(({ name }) => name).join(', ')}`;
        return { status: down.length === 0 ? 'OK' : 'WARNING', detail };
      });
      log.info({ ...address }, 'telephony is ready');
    },
    stop(stopOptions) {
      stopping ??= stop(stopOptions?.graceMs ?? defaultGraceMs);
      return stopping;
    },
  };
}
