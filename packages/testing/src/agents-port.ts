/** What simulated agents are told, and what they tell. */
import type { Distribution } from './random.ts';
import type { ToneCodec } from './tone.ts';

export interface AgentAccount {
  readonly extension: string;
  readonly password: string;
}

export interface AgentsOptions {
  /** Default 127.0.0.1. */
  readonly host?: string;
  readonly port?: number;
  readonly transport?: 'udp' | 'tcp';
  readonly registrar: { readonly host: string; readonly port: number };
  /** SIP domain of the extensions. Default the registrar's host. */
  readonly domain?: string;
  readonly accounts: readonly AgentAccount[];
  readonly seed: number;
  readonly codecs?: readonly ToneCodec[];
  /** Default 200–900 ms. */
  readonly answerDelayMs?: Distribution;
  /** Share of the offers that are left to ring. Default 0. */
  readonly missP?: number;
  /** How long an agent talks before hanging up, when the customer does not. Default mean 8 s, 2–40 s. */
  readonly talkMs?: Distribution;
  /** Share of the calls that the agent ends; the others wait for the customer, at most `longestTalkMs`. Default 0.5. */
  readonly hangsUpP?: number;
  readonly longestTalkMs?: number;
  /** From the end of a call to `onWrapUp`. Default 300–1 500 ms. */
  readonly wrapUpMs?: Distribution;
  /** Headers of the offer's INVITE that are handed on with the wrap-up. */
  readonly captureHeaders?: readonly string[];
  /** Seconds. Default 60. */
  readonly expiresS?: number;
  readonly t1Ms?: number;
  /** False leaves the RTP out: hundreds of agents on signalling alone. Default true. */
  readonly speaks?: boolean;
  /** The agent is done with a call: set its disposition here. */
  readonly onWrapUp?: (call: HandledCall) => void | Promise<void>;
  readonly onRegistered?: (extension: string) => void;
}

export interface HandledCall {
  readonly extension: string;
  readonly sipCallId: string;
  /** The customer's number, as the INVITE's From had it. */
  readonly customer: string;
  readonly headers: Readonly<Record<string, string>>;
  /** When the offer's INVITE came, milliseconds since 1970. */
  readonly offeredAtMs: number;
  readonly talkMs: number;
  readonly endedBy: 'agent' | 'far-end' | 'cut';
  readonly packetsHeard: number;
}

export interface AgentsStats {
  readonly registered: number;
  readonly registrationsFailed: number;
  readonly offers: number;
  readonly answered: number;
  readonly missed: number;
  /** Offers to an agent who was talking already. A fault of the far end. */
  readonly offeredWhileBusy: number;
  readonly hungUpByAgent: number;
  readonly hungUpByFarEnd: number;
  readonly callsCutShort: number;
  readonly talking: number;
  readonly packetsHeard: number;
  /** Answered calls of two seconds or more in which nothing was heard. */
  readonly deafCalls: number;
  readonly wrapUps: number;
  readonly wrapUpErrors: number;
  readonly byExtension: Readonly<Record<string, { readonly offers: number; readonly answered: number; readonly missed: number }>>;
}

export interface SimulatedAgents {
  readonly host: string;
  readonly port: number;
  stats(): AgentsStats;
  change(change: Pick<AgentsOptions, 'missP' | 'talkMs' | 'answerDelayMs' | 'hangsUpP'>): void;
  /** Hangs up, unregisters, closes. */
  stop(): Promise<void>;
}
