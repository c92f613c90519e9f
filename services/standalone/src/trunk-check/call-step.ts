import { createSocket, type Socket } from 'node:dgram';
import { randomUUID } from 'node:crypto';
import { isIP } from 'node:net';
import type { Trunk } from '@ritmo/domain';
import { hostPortText, type EstablishedCall, type SipAddress, type SipStack } from '@ritmo/sip';
import { refusedCallSteps } from './sip-steps.ts';
import { fails, ok, warns, type Step } from './step.ts';

const payloadTypes: Readonly<Record<Trunk['codecs'][number], number>> = { PCMA: 8, PCMU: 0 };
const packetMs = 20;
const packetSamples = 160;
const rtpHeaderBytes = 12;

export interface CallRequest {
  readonly number: string;
  /** Written in SDP. */
  readonly host: string;
  readonly ringTimeoutMs: number;
  /** How long the answered call stands: sound is listened for. */
  readonly listenMs: number;
}

/** One call to one number: silence is sent, sound is counted, and it is hung up. */
export async function checkCall(sip: SipStack, trunk: Trunk, servers: readonly SipAddress[], request: CallRequest): Promise<readonly Step[]> {
  const sound = await Sound.open(request.host, trunk.codecs);
  try {
    const outcome = await place(sip, trunk, servers, request, sound.offer);
    if ('refused' in outcome) return refusedCallSteps(outcome.refused, trunk);
    const { call, answer } = outcome;
    const agreed = readAnswer(answer, trunk);
    if ('wrong' in agreed) {
      await hangUp(call);
      return [fails('codec', agreed.wrong, 'ask which G.711 the carrier takes (PCMA in Brazil); Ritmo speaks PCMA and PCMU'), ok('call', `answered by ${request.number}, and hung up`)];
    }
    const ended = ending(call);
    sound.talkTo(agreed.host, agreed.port, payloadTypes[agreed.codec]);
    await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, request.listenMs))]);
    const { packets } = sound;
    call.hangup();
    await ended;
    const heard =
      packets > 0
        ? ok('sound', `${packets} packets of sound came from the carrier`)
        : warns('sound', 'not one packet of sound came', `is UDP open for RTP, and is ${request.host} the address that the carrier sees (server.advertise)?`);
    return [ok('codec', `agreed on ${agreed.codec}`), ok('call', `answered by ${request.number}${outcome.early ? ', with early media' : ''}, and hung up`), heard];
  } finally {
    sound.close();
  }
}

type Outcome = { readonly refused: Parameters<typeof refusedCallSteps>[0] } | { readonly call: EstablishedCall; readonly answer: string; readonly early: boolean };

function place(sip: SipStack, trunk: Trunk, [destination, ...alternatives]: readonly SipAddress[], { number, ringTimeoutMs }: CallRequest, offer: string): Promise<Outcome> {
  const { username, password = '' } = trunk;
  let early = false;
  return new Promise((resolve) => {
    sip.invite({
      uri: `sip:${number}@${hostPortText(trunk.host, trunk.port)}`,
      ...(destination ? { destination } : {}),
      alternatives,
      from: { user: trunk.callerIds[0] ?? username ?? 'ritmo', ...(username === undefined ? {} : { host: trunk.host }) },
      sipCallId: `check-${randomUUID()}`,
      body: offer,
      ringTimeoutMs,
      ...(username === undefined ? {} : { credentials: { username, password } }),
      events: {
        provisional: (_code, body) => (early ||= body !== undefined),
        answered: (call, answer) => resolve({ call, answer, early }),
        failed: (refused) => resolve({ refused }),
      },
    });
  });
}

function ending(call: EstablishedCall): Promise<void> {
  return new Promise((resolve) => call.listen({ ended: () => resolve() }));
}

async function hangUp(call: EstablishedCall): Promise<void> {
  const ended = ending(call);
  call.hangup();
  await ended;
}

type Agreed = { readonly codec: Trunk['codecs'][number]; readonly host: string; readonly port: number } | { readonly wrong: string };

/** The first codec of the answer is the one in use (RFC 3264 6.1). */
export function readAnswer(sdp: string, trunk: Trunk): Agreed {
  const audio = /^m=audio (\d+) \S+ (.+)$/m.exec(sdp);
  if (!audio) return { wrong: sdp.trim() === '' ? 'the call was answered without SDP: no sound can pass' : 'the answer has no audio' };
  const formats = (audio[2] ?? '').trim().split(/\s+/);
  const codec = trunk.codecs.find((name) => formats.includes(String(payloadTypes[name])));
  const named = formats.map((format) => new RegExp(`^a=rtpmap:${format} (\\S+)`, 'm').exec(sdp)?.[1]?.split('/')[0] ?? (format === '18' ? 'G729' : format));
  if (Number(audio[1]) === 0) return { wrong: 'the answer refuses the audio (port 0)' };
  if (!codec) return { wrong: `the carrier answered with ${named.join(', ')}, and ${trunk.codecs.join(', ')} was offered: no common codec` };
  return { codec, host: /^c=IN IP[46] (\S+)/m.exec(sdp)?.[1] ?? '', port: Number(audio[1]) };
}

/** A port that sends silence and counts what comes. */
class Sound {
  packets = 0;
  readonly offer: string;
  private readonly socket: Socket;
  private ticker: NodeJS.Timeout | undefined;

  private constructor(socket: Socket, offer: string) {
    this.socket = socket;
    this.offer = offer;
    socket.on('message', () => (this.packets += 1));
    // A far end that has gone says so by ICMP: it is heard as silence.
    socket.on('error', () => undefined);
  }

  static open(host: string, codecs: Trunk['codecs']): Promise<Sound> {
    const family = isIP(host) === 6 ? 6 : 4;
    const socket = createSocket(family === 6 ? 'udp6' : 'udp4');
    return new Promise((resolve, reject) => {
      socket.once('error', reject);
      socket.bind(0, () => {
        const lines = codecs.map((name) => `a=rtpmap:${payloadTypes[name]} ${name}/8000`);
        const formats = codecs.map((name) => payloadTypes[name]).join(' ');
        const offer = ['v=0', `o=ritmo 1 1 IN IP${family} ${host}`, 's=-', `c=IN IP${family} ${host}`, 't=0 0', `m=audio ${socket.address().port} RTP/AVP ${formats}`, ...lines, 'a=sendrecv', ''].join('\r\n');
        resolve(new Sound(socket, offer));
      });
    });
  }

  talkTo(host: string, port: number, payloadType: number): void {
    const packet = Buffer.alloc(rtpHeaderBytes + packetSamples, payloadType === 8 ? 0xd5 : 0xff);
    packet.writeUInt16BE(0x8000 | payloadType, 0);
    packet.writeUInt32BE(0x7269746d, 8);
    let sequence = 0;
    this.ticker = setInterval(() => {
      packet.writeUInt16BE(sequence & 0xffff, 2);
      packet.writeUInt32BE((sequence * packetSamples) >>> 0, 4);
      sequence += 1;
      this.socket.send(packet, port, host);
    }, packetMs);
  }

  close(): void {
    clearInterval(this.ticker);
    this.socket.close();
  }
}
