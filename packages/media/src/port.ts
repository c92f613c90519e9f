/**
 * The MediaEngine port: RTP relay, tones and files into a call, DTMF out of it, stereo recording.
 * Adapters: native (node:dgram in a worker thread) and rtpengine. Knows SDP, not SIP dialogs.
 */

export type Codec = 'PCMA' | 'PCMU';

export interface MediaEngineOptions {
  /** Address to bind and to write in SDP. */
  readonly host: string;
  readonly advertisedHost?: string;
  /** Even ports of this range carry RTP, the odd ones above RTCP. */
  readonly portRange: readonly [number, number];
  /** Codecs we offer, best first. */
  readonly codecs: readonly Codec[];
}

/** A call has one media session: a customer leg and, from delivery on, an agent leg. A transfer swaps the agent leg. */
export interface MediaSession {
  readonly id: string;
  /** Opens a leg's ports. `side` decides the recording channel: customer left, agent right. */
  openLeg(legId: string, side: 'customer' | 'agent'): Promise<MediaLeg>;
  /** Packets flow both ways between the two; each leg has at most one partner. */
  bridge(legA: string, legB: string): void;
  unbridge(legId: string): void;
  /**
   * A part of the recording: begins with both legs' sound, silence where nobody speaks. Resolves when the file is begun; when it
   * cannot be, that is told by `recordingFailed` and the call goes on. A part that runs already is closed first.
   */
  startRecording(file: string): Promise<void>;
  /** Closes the running part; undefined when none was running. */
  stopRecording(): Promise<RecordingPart | undefined>;
  /** Stops the recording, closes every leg, frees the ports. Idempotent. */
  close(): Promise<MediaStats>;
  /** What the session reports. One listener. */
  listen(events: MediaEvents): void;
}

export interface MediaEvents {
  /** RFC 4733 event, once per key press. */
  dtmf?(legId: string, digit: string): void;
  /** A played file came to its end. */
  playbackEnded?(legId: string): void;
  /** The file cannot be played. `playbackEnded` follows, so that whoever waits for the end goes on. */
  playbackFailed?(legId: string, file: string, error: string): void;
  /** No RTP from the leg for this long, told about once a second while it lasts. `everHeard`: there was some before. */
  silent?(legId: string, silentMs: number, everHeard: boolean): void;
  /** The file could not be written further (disk full). The call goes on. */
  recordingFailed?(file: string, error: string): void;
  /** What wrote the recording died and lives again: the part ends here, and the next one is the listener's to start. */
  recordingCut?(part: RecordingPart): void;
  /** The call's sound is gone for good. */
  lost?(reason: string): void;
}

export interface MediaLeg {
  readonly id: string;
  readonly host: string;
  readonly port: number;
  /** Our SDP offer. `direction` is our side's, for a hold by us (`sendonly`, `inactive`). Default `sendrecv`. */
  offer(direction?: 'sendrecv' | 'sendonly' | 'recvonly' | 'inactive'): string;
  /** Applies the peer's SDP answer. Throws UnsupportedSdpError. */
  accept(answerSdp: string): void;
  /** Reads the peer's offer and returns our answer (also for hold and resume: RFC 3264 8.4). Throws UnsupportedSdpError. */
  answer(offerSdp: string): string;
  /** True while the peer's SDP says it does not want to hear us. */
  readonly held: boolean;
  /** Plays a WAV or raw G.711 file into the leg; replaces what was playing. */
  play(source: PlaySource): void;
  stopPlaying(): void;
  sendDtmf(digits: string): void;
  close(): Promise<void>;
}

export interface PlaySource {
  readonly file: string;
  readonly loop: boolean;
}

export interface RecordingPart {
  readonly file: string;
  readonly durationMs: number;
  readonly bytes: number;
}

export interface MediaStats {
  readonly legs: readonly {
    readonly id: string;
    readonly packetsIn: number;
    readonly packetsOut: number;
    readonly packetsLost: number;
  }[];
}

export interface MediaEngineState {
  /** False while packets do not move. */
  readonly up: boolean;
  /** How often what moves the packets was started anew. */
  readonly restarts: number;
  readonly lastFailure: { readonly agoMs: number; readonly message: string } | null;
}

export interface MediaEngine {
  start(): Promise<void>;
  stop(): Promise<void>;
  createSession(id: string): MediaSession;
  readonly stats: { readonly sessions: number; readonly legs: number; readonly packetsRelayed: number };
  /** Of an engine in this process. One beside it is watched where it runs. */
  readonly state?: MediaEngineState;
}

/** The peer's SDP has no codec or no address that we can use. */
export class UnsupportedSdpError extends Error {
  constructor(reason: string) {
    super(`unsupported SDP: ${reason}`);
    this.name = 'UnsupportedSdpError';
  }
}
