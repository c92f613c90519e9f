/** Child of the benchmark: a carrier whose people answer and talk, and agents' phones that answer at once. Both speak RTP. */
import { createNativeSipStack, type IncomingCall, type SipHandlers, type SipStack, type SipStackOptions } from '@ritmo/sip';
import { readPhoneSdp, writePhoneSdp } from '@ritmo/testing';
import { Voices } from './voices.ts';

export interface FarEndOrder {
  readonly productPort: number;
  readonly agents: number;
  readonly ringMs: number;
  readonly talkMs: number;
  /** Calls that began before are warm-up. */
  readonly measureFromMs: number;
}

export interface FarEndReport {
  /** From the customer's 200 being sent to the agent's INVITE being read, ms. */
  readonly latencies: readonly number[];
  /** OPTIONS to the product and back, meanwhile: what the wire and the busy machine cost without any decision. */
  readonly roundTrips: readonly number[];
  readonly answered: number;
  readonly delivered: number;
  readonly mostInFlight: number;
  readonly packetsHeardByCustomers: number;
  readonly packetsHeardByAgents: number;
  /** Delivered calls in which one side heard less than half of what was said. */
  readonly deaf: number;
  readonly cpuMs: number;
}

const voices = new Voices();
const host = '127.0.0.1';
let order: FarEndOrder | undefined;
const answeredAt = new Map<string, number>();
const latencies: number[] = [];
const roundTrips: number[] = [];
let [answered, delivered, inFlight, mostInFlight, customersHeard, agentsHeard, deaf] = [0, 0, 0, 0, 0, 0, 0];
let measuring = false;

function stack(incoming: SipHandlers['incoming']): SipStack {
  const handlers: SipHandlers = { classify: () => 'trunk', credentialsOf: () => undefined, incoming, registered: () => undefined, unregistered: () => undefined };
  const options: SipStackOptions = { host, port: 0, transports: ['udp'], realm: 'far', userAgent: 'far end', handlers };
  return createNativeSipStack(options);
}

async function talk(call: IncomingCall, atAnswer: () => void): Promise<{ ended: Promise<number>; hangup: () => void }> {
  const voice = await voices.open(host);
  const peer = readPhoneSdp(call.body);
  if (peer) voice.talkTo(peer.host, peer.port);
  atAnswer();
  let finish: (heard: Promise<number>) => void = () => undefined;
  const ended = new Promise<number>((resolve) => (finish = resolve));
  const established = await call.answer(writePhoneSdp({ host, port: voice.port, codecs: ['PCMA'] })).catch(async (error: unknown) => {
    await voice.close();
    throw error;
  });
  established.listen({
    ended: () => finish(voice.close()),
  });
  return { ended, hangup: () => established.hangup() };
}

async function customer(call: IncomingCall): Promise<void> {
  const { ringMs, talkMs } = order ?? { ringMs: 1000, talkMs: 1000 };
  inFlight += 1;
  mostInFlight = Math.max(mostInFlight, inFlight);
  const isMeasured = measuring;
  call.onCancel(() => (inFlight -= 1));
  call.ring();
  // Spread, so that answers do not come in step with the dialing.
  await new Promise((resolve) => setTimeout(resolve, ringMs * (0.7 + 0.6 * Math.random())));
  const party = await talk(call, () => {
    answered += 1;
    if (isMeasured) answeredAt.set(call.toUser, performance.now());
  });
  setTimeout(party.hangup, talkMs * (0.7 + 0.6 * Math.random()));
  customersHeard += await party.ended;
  inFlight -= 1;
}

async function agent(call: IncomingCall): Promise<void> {
  const now = performance.now();
  const from = answeredAt.get(call.fromUser);
  if (from !== undefined) {
    latencies.push(now - from);
    answeredAt.delete(call.fromUser);
  }
  const party = await talk(call, () => undefined);
  const began = performance.now();
  delivered += 1;
  const heard = await party.ended;
  agentsHeard += heard;
  const expected = (performance.now() - began) / 20;
  if (expected > 25 && heard < expected / 2) deaf += 1;
}

const quietly = (work: Promise<void>): void => void work.catch(() => undefined);
const carrier = stack((call) => quietly(customer(call)));
const phones = stack((call) => quietly(agent(call)));
const { port } = await carrier.start();
await phones.start();

process.on('message', (message: { kind: 'start'; order: FarEndOrder } | { kind: 'report' }) => {
  if (message.kind === 'start') void begin(message.order);
  else {
    const { user, system } = process.cpuUsage();
    const report: FarEndReport = {
      latencies, roundTrips, answered, delivered, mostInFlight, deaf,
      packetsHeardByCustomers: customersHeard, packetsHeardByAgents: agentsHeard, cpuMs: (user + system) / 1000,
    };
    process.send?.({ kind: 'report', report });
  }
});

async function begin(given: FarEndOrder): Promise<void> {
  order = given;
  let left = given.agents;
  await new Promise<void>((resolve) => {
    for (let index = 0; index < given.agents; index += 1) {
      const user = String(20_000 + index);
      let known = false;
      phones.register({
        registrar: { host, port: given.productPort, transport: 'udp' }, user, domain: host, credentials: { username: user, password: 'secret' }, expiresS: 3600,
        changed: ({ registered }) => {
          if (!registered || known) return;
          known = true;
          left -= 1;
          if (left === 0) resolve();
        },
      });
    }
  });
  setTimeout(() => (measuring = true), given.measureFromMs);
  setInterval(() => {
    if (!measuring) return;
    void carrier.options({ host, port: given.productPort, transport: 'udp' }, 2_000).then(({ roundTripMs }) => {
      if (roundTripMs !== undefined) roundTrips.push(roundTripMs);
    });
  }, 50);
  process.send?.({ kind: 'registered' });
}

process.send?.({ kind: 'ready', port });
