import { createRandom, forkSimulator, type CarrierStats, type HandledCall, type Simulator } from '@ritmo/testing';
import { agentDispositions, agentPassword, extensionOf } from './demo-config.ts';

/** Carrier and agents of a run, in a process of their own: what it sees is the far end's word. */
export interface World {
  readonly carrier: { readonly host: string; readonly port: number };
  bringAgents(registrar: { readonly host: string; readonly port: number }, onWrapUp: (call: HandledCall, dispositionId: number) => Promise<void>): Promise<void>;
  carrierStats(): Promise<CarrierStats>;
  sendAgentsHome(): Promise<void>;
  stop(): Promise<void>;
}

export interface WorldOptions {
  readonly seed: number;
  readonly agents: number;
  readonly channelLimit: number;
  readonly cpsLimit: number;
  /** How long people talk. Default 6 to 15 s. */
  readonly talkMs?: { readonly min: number; readonly max: number };
  /** Share of the offers that ring in vain. Default that of `agentsManner`. */
  readonly missP?: number;
  readonly onLost: (error: Error) => void;
}

/** Short calls, so that a minute and a half shows many; every kind of answer that a carrier gives. */
export const behaviour = {
  busyP: 0.14,
  noAnswerP: 0.28,
  rejectP: 0.06,
  invalidP: 0.08,
  earlyMediaP: 0.06,
  lateAnswerP: 0.05,
  hangsUpFirstP: 0.5,
  postDialDelayMs: { min: 60, max: 400 },
  answerDelayMs: { min: 800, max: 3_500 },
  lateAnswerDelayMs: { min: 5_000, max: 8_000 },
} as const;

export const usualTalkMs = { min: 6_000, max: 15_000 };

/** How agents work: their phone rings, now and then in vain for the queue's ring time-out; half of them end the talk, at the latest a little after the longest. */
export const agentsManner = { missP: 0.03, offerMs: 5_000, answerDelayMs: { min: 200, max: 700 }, hangsUpP: 0.5, longerMs: 1_000, wrapUpMs: { min: 300, max: 1_500 } } as const;

export async function createWorld(options: WorldOptions): Promise<World> {
  const talkMs = options.talkMs ?? usualTalkMs;
  const random = createRandom(options.seed).fork('dispositions');
  let wrapUp: (call: HandledCall, dispositionId: number) => Promise<void> = () => Promise.resolve();
  const simulator: Simulator = await forkSimulator({
    onWrapUp: (call) => wrapUp(call, pickDisposition(random.next())),
    onExit: (code) => options.onLost(new Error(`the simulated carrier ended with ${code}`)),
  });
  const carrier = await simulator.startCarrier({ seed: options.seed, channelLimit: options.channelLimit, cpsLimit: options.cpsLimit, mix: { ...behaviour, talkMs } });
  return {
    carrier,
    async bringAgents(registrar, onWrapUp) {
      wrapUp = onWrapUp;
      await simulator.startAgents({
        registrar,
        seed: options.seed,
        accounts: Array.from({ length: options.agents }, (_, index) => ({ extension: extensionOf(index), password: agentPassword(extensionOf(index)) })),
        missP: options.missP ?? agentsManner.missP,
        answerDelayMs: agentsManner.answerDelayMs,
        talkMs,
        hangsUpP: agentsManner.hangsUpP,
        longestTalkMs: talkMs.max + agentsManner.longerMs,
        wrapUpMs: agentsManner.wrapUpMs,
        captureHeaders: ['X-Ritmo-Call-Id'],
      });
    },
    async carrierStats() {
      const { carrier: stats } = await simulator.stats();
      if (!stats) throw new Error('the simulated carrier has no figures');
      return stats;
    },
    sendAgentsHome: () => simulator.stopAgents(),
    stop: () => simulator.stop(),
  };
}

function pickDisposition(chance: number): number {
  const total = agentDispositions.reduce((sum, { weight }) => sum + weight, 0);
  let left = chance * total;
  for (const { id, weight } of agentDispositions) {
    left -= weight;
    if (left < 0) return id;
  }
  return agentDispositions[0]?.id ?? 1003;
}
