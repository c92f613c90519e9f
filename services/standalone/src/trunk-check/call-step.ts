import { randomUUID } from 'node:crypto';
import { dialString, readDialedNumber, type Trunk } from '@ritmo/domain';
import type { EstablishedCall, SipAddress, SipStack, WireEnd } from '@ritmo/sip';
import { askedOver } from '@ritmo/svc-telephony';
import { isPrivate, readSound, Sound, type AgreedSound } from './sound.ts';
import { refusedCallSteps } from './refused-call.ts';
import { fails, ok, warns, type Step } from './step.ts';

export interface CallRequest {
  readonly number: string;
  /** Of the installation's routes: numbers without area code are of here. */
  readonly homeAreaCode: string;
  /** Written in From and SDP, as the product writes it. */
  readonly host: string;
  readonly ringTimeoutMs: number;
  /** How long the answered call stands: sound is listened for. Twice as long where none comes. */
  readonly listenMs: number;
  /** An INVITE that has met silence for so long meets silence. */
  readonly firstAnswerMs: number;
  readonly interrupted?: AbortSignal;
  /** Of the server's configuration. */
  readonly rtpPorts?: readonly [number, number];
  /** Of the ladder: codes that the carrier answered INVITEs with. */
  readonly answers: () => readonly string[];
  /** The address that the carrier sees us at. */
  readonly seenAs: () => string | undefined;
}

/** What came before an answer. */
interface Early {
  readonly sound: AgreedSound | { readonly wrong: string };
  readonly packets: number;
}

/** One call to one number, dialed as the product dials: silence is sent, sound is counted, and it is hung up. */
export async function checkCall(sip: SipStack, trunk: Trunk, servers: readonly SipAddress[], request: CallRequest): Promise<readonly Step[]> {
  const sound = await Sound.open(request.host, trunk.codecs, request.rtpPorts);
  try {
    const outcome = await place(sip, trunk, servers, request, sound);
    if ('refused' in outcome) {
      const steps = refusedCallSteps(outcome.refused, trunk, request.answers());
      return outcome.early ? withEarlyMedia(steps, outcome.early) : steps;
    }
    const steps = await listen(outcome.call, outcome.answer, { sound, trunk, request, server: servers[0]?.host ?? '', hadEarly: outcome.early !== undefined });
    const wasAsked = request.answers().some((code) => code === '401' || code === '407');
    return wasAsked ? [ok('authentication', 'user name and password are accepted for calls'), ...steps] : steps;
  } finally {
    sound.close();
  }
}

async function listen(call: EstablishedCall, answer: string, of: { readonly sound: Sound; readonly trunk: Trunk; readonly request: CallRequest; readonly server: string; readonly hadEarly: boolean }): Promise<readonly Step[]> {
  const { sound, trunk, request, server, hadEarly } = of;
  const agreed = readSound(answer, trunk);
  const answered = ok('call', `answered by ${request.number}${hadEarly ? ', after early media' : ''}, and hung up`);
  const ended = new Promise<void>((resolve) => call.listen({ ended: () => resolve() }));
  if ('wrong' in agreed) {
    call.hangup();
    await ended;
    return [fails('codec', agreed.wrong, 'ask which G.711 the carrier takes (PCMA in Brazil); Ritmo speaks PCMA and PCMU'), answered];
  }
  // A carrier on a private line is spoken to at private addresses; one on the Internet is not.
  const isElsewhere = isPrivate(agreed.host) && !isPrivate(server);
  sound.talkTo(agreed);
  const before = sound.packets;
  const heard = (): number => sound.packets - before;
  const interrupted = new Promise((resolve) => request.interrupted?.addEventListener('abort', resolve, { once: true }));
  const standing = (ms: number): Promise<unknown> => Promise.race([ended, interrupted, new Promise((resolve) => setTimeout(resolve, ms))]);
  await standing(request.listenMs);
  if (heard() === 0 && request.interrupted?.aborted !== true) await standing(request.listenMs);
  const packets = heard();
  call.hangup();
  await ended;
  return [ok('codec', `agreed on ${agreed.codec}`), answered, packets > 0 ? soundStep(packets, agreed, isElsewhere) : silenceStep(agreed, isElsewhere, request)];
}

/** What is heard is proven. What the far end hears it alone knows; its SDP tells where it asked for it. */
function soundStep(packets: number, agreed: AgreedSound, isElsewhere: boolean): Step {
  const came = `${packets} packets of sound came from the carrier`;
  if (agreed.direction === 'sendonly') return warns('sound', `${came}, and it takes none of ours (${agreed.direction}): who is called does not hear us`, 'ask the carrier why it answers so: it is how a call on hold looks');
  if (isElsewhere) return warns('sound', `${came}, and it wants ours at ${agreed.host}, an address of its own network: who is called may not hear us`, wrongAddress);
  return ok('sound', `${came}; whether ours was heard, ask who was called`);
}

const wrongAddress = 'ask the carrier for an address in its SDP that is reached from here';

function silenceStep(agreed: AgreedSound, isElsewhere: boolean, { host, seenAs }: CallRequest): Step {
  const seen = 'the call was answered, and not one packet of sound came: whoever talks is not heard here';
  if (agreed.direction === 'recvonly' || agreed.direction === 'inactive') return fails('sound', `${seen}; the carrier answered with ${agreed.direction}: it sends none`, 'ask the carrier why it answers so: it is how a call on hold looks');
  if (isElsewhere) return fails('sound', `${seen}; it wants ours at ${agreed.host}, an address of its own network, and may wait for it before it sends`, wrongAddress);
  const from = seenAs();
  if (from !== undefined && from !== host) return fails('sound', `${seen}; our SDP asks for it at ${host}, and the carrier sees us at ${from}`, `set \`server.advertise: ${from}\`, and forward the UDP ports of \`server.rtpPorts\` to this machine`);
  return fails('sound', seen, `is UDP open for \`server.rtpPorts\` in every firewall on the way, and is ${host} the address that the carrier sees (server.advertise)?`);
}

/** Nobody answered, but the carrier opened the sound before (183 with SDP): an announcement, or its own ringing tone. */
function withEarlyMedia(steps: readonly Step[], { sound, packets }: Early): readonly Step[] {
  if ('wrong' in sound) return steps.map((step) => (step.name === 'codec' && step.result === 'skipped' ? fails('codec', `early media: ${sound.wrong}`, 'ask which G.711 the carrier takes (PCMA in Brazil); Ritmo speaks PCMA and PCMU') : step));
  const early = steps.map((step) => {
    if (step.name === 'codec' && step.result === 'skipped') return ok('codec', `agreed on ${sound.codec} in early media`);
    return step.name === 'call' ? { ...step, seen: `early media and no answer: ${step.seen}` } : step;
  });
  const heard = packets > 0 ? ok('sound', `${packets} packets of early media came (an announcement, or the carrier’s ringing tone)`) : warns('sound', 'early media was announced, and not one packet of it came', 'agents would hear nothing until somebody answers; call a number that answers to know more');
  return [...early, heard];
}

type Outcome =
  | { readonly refused: WireEnd; readonly early: Early | undefined }
  | { readonly call: EstablishedCall; readonly answer: string; readonly early: Early | undefined };

function place(sip: SipStack, trunk: Trunk, [destination, ...alternatives]: readonly SipAddress[], request: CallRequest, sound: Sound): Promise<Outcome> {
  const { number, homeAreaCode, host, ringTimeoutMs, firstAnswerMs } = request;
  let opened: Early['sound'] | undefined;
  const early = (): Early | undefined => (opened === undefined ? undefined : { sound: opened, packets: sound.packets });
  return new Promise((resolve) => {
    const giveUp = (): void => resolve({ refused: { by: 'timeout' }, early: early() });
    const silence = setTimeout(() => request.answers().length === 0 && giveUp(), firstAnswerMs);
    // Who answers neither the INVITE nor its CANCEL is not waited for: the stack ends what is left.
    const patience = setTimeout(giveUp, ringTimeoutMs + firstAnswerMs);
    const over = (outcome: Outcome): void => {
      clearTimeout(silence);
      clearTimeout(patience);
      resolve(outcome);
    };
    const outgoing = sip.invite({
      ...askedOver(trunk, { dialString: asDialed(trunk, number, homeAreaCode), callerId: trunk.callerIds[0] ?? 'anonymous', sipDomain: host }),
      ...(destination ? { destination } : {}),
      alternatives,
      sipCallId: `check-${randomUUID()}`,
      body: sound.offer,
      ringTimeoutMs,
      events: {
        provisional: (_code, body) => {
          if (body === undefined || opened !== undefined) return;
          opened = readSound(body, trunk);
          // Carriers behind a session border controller send once they have heard us.
          if ('host' in opened) sound.talkTo(opened);
        },
        answered: (call, answer) => over({ call, answer, early: early() }),
        failed: (refused) => over({ refused, early: early() }),
      },
    });
    request.interrupted?.addEventListener('abort', () => outgoing.cancel(), { once: true });
  });
}

/** As the trunk wants the number: `dialFormat`. What is no number of the plan goes as it was given. */
export function asDialed(trunk: Trunk, number: string, homeAreaCode: string): string {
  const read = readDialedNumber(number, homeAreaCode);
  if (!read.ok) return number;
  return read.areaCode === '' ? read.number : dialString(trunk.dialFormat, read);
}

