/** One end of a call with its sound: what the simulated carrier and the simulated agents have in common. */
import type { CallEvents } from '@ritmo/sip';
import { readPhoneSdp, writePhoneSdp, type HeardSdp } from './phone-sdp.ts';
import { RtpTalker } from './rtp-talker.ts';
import { tone, type ToneCodec } from './tone.ts';

const tones = new Map<string, Buffer>();

function cachedTone(frequencyHz: number, codec: ToneCodec): Buffer {
  const key = `${codec} ${frequencyHz}`;
  const known = tones.get(key) ?? tone(frequencyHz, codec);
  tones.set(key, known);
  return known;
}

export interface PhoneSoundOptions {
  readonly host: string;
  readonly codecs: readonly ToneCodec[];
  readonly toneHz: number;
  readonly ssrc: number;
  /** The far end's offer, read by `readPhoneSdp`; its codec is ours. */
  readonly peer: HeardSdp | undefined;
  /** Says nothing and hears nothing, on a port shared by many: for load on signalling alone. */
  readonly mutedOn?: RtpTalker;
}

export class PhoneSound {
  readonly talker: RtpTalker;
  private readonly options: PhoneSoundOptions;
  private codec: ToneCodec;
  private peer: HeardSdp | undefined;
  private version = 1;

  private constructor(options: PhoneSoundOptions, talker: RtpTalker, codec: ToneCodec) {
    this.options = options;
    this.talker = talker;
    this.codec = codec;
    this.peer = options.peer;
  }

  static async open(options: PhoneSoundOptions): Promise<PhoneSound> {
    const codec = options.peer?.codec ?? options.codecs[0] ?? 'PCMA';
    const talker = options.mutedOn ?? (await RtpTalker.open({ host: options.host, codec, words: cachedTone(options.toneHz, codec), ssrc: options.ssrc }));
    return new PhoneSound(options, talker, codec);
  }

  /** Our answer: the one codec agreed. */
  get sdp(): string {
    return writePhoneSdp({ host: this.options.host, port: this.talker.port, codecs: [this.codec], version: this.version });
  }

  /** Our offer: every codec we have. */
  get offer(): string {
    return writePhoneSdp({ host: this.options.host, port: this.talker.port, codecs: this.options.codecs, version: this.version });
  }

  talk(): void {
    const { peer } = this;
    if (this.options.mutedOn) return;
    if (peer && peer.port !== 0 && peer.host !== '0.0.0.0' && (peer.direction === 'sendrecv' || peer.direction === 'recvonly')) {
      this.talker.talkTo(peer.host, peer.port);
    } else this.talker.stopTalking();
  }

  /** The peer's SDP, in an answer or a new offer. */
  hear(sdp: string): void {
    this.peer = readPhoneSdp(sdp, this.options.codecs) ?? this.peer;
    if (this.peer) this.codec = this.peer.codec;
    this.talk();
  }

  /** For `CallEvents`: a re-INVITE's offer is taken and answered (hold, resume, another address). */
  readonly reoffer: NonNullable<CallEvents['reoffer']> = (sdp) => {
    this.hear(sdp);
    this.version += 1;
    const direction = this.peer?.direction;
    const ours = direction === 'sendonly' ? 'recvonly' : direction === 'recvonly' ? 'sendonly' : direction === 'inactive' ? 'inactive' : 'sendrecv';
    return writePhoneSdp({ host: this.options.host, port: this.talker.port, codecs: [this.codec], version: this.version, direction: ours });
  };

  async close(): Promise<{ packetsHeard: number; packetsSent: number; digits: string }> {
    if (this.options.mutedOn) return { packetsHeard: 0, packetsSent: 0, digits: '' };
    await this.talker.close();
    return { packetsHeard: this.talker.audioPacketsHeard, packetsSent: this.talker.packetsSent, digits: this.talker.digits };
  }
}
