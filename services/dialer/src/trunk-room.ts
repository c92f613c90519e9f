/** How much room the trunks have, as telephony last told. Only a guess for pacing: what counts is the slot that telephony gives. */
import type { BusSubscription, TrunkStatus } from '@ritmo/bus';
import type { TrunkId } from '@ritmo/domain';
import type { ServiceContext } from '@ritmo/service-kit';

export interface TrunkRoom {
  start(): void;
  stop(): void;
  /** Channels free on the trunks that are up. */
  channelsFree(trunkIds: Iterable<TrunkId>): number;
  /** Calls that may begin in a second, at the most, on the trunks that are up. */
  callsPerSecond(trunkIds: Iterable<TrunkId>): number;
  isUp(trunkId: TrunkId): boolean;
  /** A reply to a reservation is news too. */
  learn(trunkId: TrunkId, channelsFree: number, up: boolean): void;
}

const refreshMs = 5_000;

export function createTrunkRoom({ bus, log }: ServiceContext): TrunkRoom {
  const room = new Map<TrunkId, { up: boolean; free: number; perSecond: number }>();
  let subscription: BusSubscription | undefined;
  let timer: NodeJS.Timeout | undefined;
  const keep = (trunk: TrunkStatus): void => void room.set(trunk.trunkId, { up: trunk.up, free: trunk.channelLimit - trunk.channelsUsed, perSecond: trunk.callsPerSecondLimit });
  const refresh = async (): Promise<void> => {
    try {
      for (const trunk of (await bus.request('telephony.trunks', {}, { timeoutMs: 2_000 })).trunks) keep(trunk);
    } catch (error) {
      log.debug({ err: error }, 'telephony does not answer yet');
    }
  };
  return {
    start() {
      subscription = bus.subscribe('signal.trunk', keep);
      void refresh();
      timer = setInterval(() => void refresh(), refreshMs);
    },
    stop() {
      subscription?.stop();
      clearInterval(timer);
    },
    channelsFree(trunkIds) {
      let free = 0;
      for (const trunkId of trunkIds) {
        const trunk = room.get(trunkId);
        if (trunk?.up) free += Math.max(0, trunk.free);
      }
      return free;
    },
    callsPerSecond(trunkIds) {
      let perSecond = 0;
      for (const trunkId of trunkIds) {
        const trunk = room.get(trunkId);
        if (trunk?.up) perSecond += trunk.perSecond;
      }
      return perSecond;
    },
    isUp: (trunkId) => room.get(trunkId)?.up ?? false,
    learn(trunkId, free, up) {
      room.set(trunkId, { up, free, perSecond: room.get(trunkId)?.perSecond ?? 1 });
    },
  };
}
