/** What the engine tells the thread that moves the packets, and what it hears back. Plain data: it crosses threads. */
import type { RemoteAudio } from './negotiation.ts';
import type { Codec, MediaStats, RecordingPart } from './port.ts';
import type { LatchPolicy } from './source-latch.ts';

export type Side = 'customer' | 'agent';

export interface RelayOptions {
  readonly latch: LatchPolicy;
  /** No RTP for this long is reported as silence, then every second. */
  readonly silentAfterMs: number;
}

export type RelayCommand =
  | { readonly kind: 'open'; readonly request: number; readonly leg: number; readonly legId: string; readonly session: number; readonly side: Side; readonly host: string; readonly port: number }
  | { readonly kind: 'remote'; readonly leg: number; readonly remote: RemoteAudio }
  | { readonly kind: 'bridge'; readonly legA: number; readonly legB: number }
  | { readonly kind: 'unbridge'; readonly leg: number }
  | { readonly kind: 'play'; readonly leg: number; readonly file: string; readonly loop: boolean }
  | { readonly kind: 'stopPlaying'; readonly leg: number }
  | { readonly kind: 'sendDtmf'; readonly leg: number; readonly digits: string }
  | { readonly kind: 'startRecording'; readonly request: number; readonly session: number; readonly file: string; readonly law: Codec }
  | { readonly kind: 'stopRecording'; readonly request: number; readonly session: number }
  | { readonly kind: 'closeLeg'; readonly request: number; readonly leg: number }
  | { readonly kind: 'closeSession'; readonly request: number; readonly session: number }
  | { readonly kind: 'stop'; readonly request: number };

type Unnumbered<T> = T extends unknown ? Omit<T, 'request'> : never;
/** A command that is answered, before it gets the number of its request. */
export type RelayRequest = Unnumbered<Extract<RelayCommand, { request: number }>>;
/** A command that is not. */
export type RelayTold = Exclude<RelayCommand, { request: number }>;

export type RelayAnswer = undefined | RecordingPart | MediaStats;

export type RelayReport =
  | { readonly kind: 'done'; readonly request: number; readonly answer: RelayAnswer }
  | { readonly kind: 'refused'; readonly request: number; readonly code: string; readonly message: string }
  | { readonly kind: 'dtmf'; readonly session: number; readonly legId: string; readonly digit: string }
  | { readonly kind: 'playbackEnded'; readonly session: number; readonly legId: string }
  | { readonly kind: 'playbackFailed'; readonly session: number; readonly legId: string; readonly file: string; readonly error: string }
  | { readonly kind: 'silent'; readonly session: number; readonly legId: string; readonly silentMs: number; readonly everHeard: boolean }
  | { readonly kind: 'recordingFailed'; readonly session: number; readonly file: string; readonly error: string };

/** Places in the counters that both threads see. */
export const COUNTER = { packetsRelayed: 0, packetsRefused: 1 } as const;
export const COUNTERS = 2;

export interface RelayWorkerData {
  readonly options: RelayOptions;
  readonly counters: SharedArrayBuffer;
}
