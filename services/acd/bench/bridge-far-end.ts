/** Child of `bench:bridge`: a carrier whose people answer, and agents' phones that answer at once. Signalling only: nobody sends RTP. */
import { createSocket } from 'node:dgram';
import { createNativeSipStack, type EstablishedCall, type IncomingCall, type SipHandlers, type SipStack } from '@ritmo/sip';
import { writePhoneSdp } from '@ritmo/testing';

export interface BridgeOrder {
  readonly productPort: number;
  readonly agents: number;
  readonly ringMs: number;
  readonly talkMs: number;
}

export interface BridgeReport {
  /** From the customer's 200 being sent to the agent's INVITE being read, ms. */
  readonly toInvite: readonly number[];
  /** From the customer's 200 to the ACK of the agent's 200: both are bridged. */
  readonly toBridge: readonly number[];
  /** OPTIONS to the product and back, in the same span. */
  readonly options: readonly number[];
  /** INVITEs to customers in the measured span; the other counts are of these. */
  readonly invited: number;
  readonly answered: number;
  readonly bridged: number;
  /** Both sides had their BYE. */
  readonly hungUp: number;
  readonly refused: number;
  readonly mostInFlight: number;
  readonly retransmissions: number;
  readonly cpuMs: number;
}

export type BridgeMessage = { readonly kind: 'ready'; readonly port: number } | { readonly kind: 'registered' } | { readonly kind: 'report'; readonly report: BridgeReport };
export type BridgeCommand = { readonly kind: 'start'; readonly order: BridgeOrder } | { readonly kind: 'measure' } | { readonly kind: 'rest' } | { readonly kind: 'report' };

const host = '127.0.0.1';
const answeredAt = new Map<string, number>();
const [toInvite, toBridge, options]: [number[], number[], number[]] = [[], [], []];
let [invited, answered, bridged, hungUp, refused, inFlight, mostInFlight] = [0, 0, 0, 0, 0, 0, 0];
let measuring = false;
let order: BridgeOrder = { productPort: 0, agents: 0, ringMs: 0, talkMs: 0 };
let cpuFrom = process.cpuUsage();

/** What is sent to it is dropped by the kernel once its buffer is full. */
const sink = createSocket('udp4');
await new Promise<void>((resolve) => sink.bind(0, host, resolve));
const sdp = writePhoneSdp({ host, port: sink.address().port, codecs: ['PCMA'] });

function stack(incoming: SipHandlers['incoming']): SipStack {
  const handlers: SipHandlers = { classify: () => 'trunk', credentialsOf: () => undefined, incoming, registered: () => undefined, unregistered: () => undefined };
  return createNativeSipStack({ host, port: 0, transports: ['udp'], realm: 'far', userAgent: 'far end', handlers });
}

const spread = (ms: number): number => ms * (0.7 + 0.6 * Math.random());
const whenOver = (call: EstablishedCall): Promise<void> => new Promise((resolve) => call.listen({ ended: () => resolve() }));

async function customer(call: IncomingCall): Promise<void> {
  inFlight += 1;
  mostInFlight = Math.max(mostInFlight, inFlight);
  call.onCancel(() => (inFlight -= 1));
  const isMeasured = measuring;
  if (isMeasured) invited += 1;
  call.ring();
  await new Promise((resolve) => setTimeout(resolve, spread(order.ringMs)));
  if (isMeasured) {
    answered += 1;
    answeredAt.set(call.toUser, performance.now());
  }
  const established = await call.answer(sdp);
  await whenOver(established);
  inFlight -= 1;
  if (isMeasured) hungUp += 1;
}

async function agent(call: IncomingCall): Promise<void> {
  const at = performance.now();
  const from = answeredAt.get(call.fromUser);
  answeredAt.delete(call.fromUser);
  if (from !== undefined) toInvite.push(at - from);
  const established = await call.answer(sdp);
  if (from !== undefined) {
    bridged += 1;
    toBridge.push(performance.now() - from);
  }
  setTimeout(() => established.hangup(), spread(order.talkMs));
  await whenOver(established);
}

const counted = (work: Promise<void>): void => void work.catch(() => (refused += 1));
const carrier = stack((call) => counted(customer(call)));
const phones = stack((call) => counted(agent(call)));
const { port } = await carrier.start();
await phones.start();
const tell = (message: BridgeMessage): void => void process.send?.(message);

process.on('message', (command: BridgeCommand) => {
  switch (command.kind) {
    case 'start':
      order = command.order;
      void register().then(() => tell({ kind: 'registered' }));
      return;
    case 'measure':
      measuring = true;
      cpuFrom = process.cpuUsage();
      return;
    case 'rest':
      measuring = false;
      return;
    case 'report': {
      const { user, system } = process.cpuUsage(cpuFrom);
      const retransmissions = carrier.stats.retransmissions + phones.stats.retransmissions;
      tell({ kind: 'report', report: { toInvite, toBridge, options, invited, answered, bridged, hungUp, refused, mostInFlight, retransmissions, cpuMs: (user + system) / 1000 } });
    }
  }
});

setInterval(() => {
  if (!measuring) return;
  void carrier.options({ host, port: order.productPort, transport: 'udp' }, 2_000).then(({ roundTripMs }) => {
    if (roundTripMs !== undefined) options.push(roundTripMs);
  });
}, 20);

async function register(): Promise<void> {
  const users = Array.from({ length: order.agents }, (_, index) => String(20_000 + index));
  const one = (user: string): Promise<void> =>
    new Promise((resolve) => {
      phones.register({
        registrar: { host, port: order.productPort, transport: 'udp' }, user, domain: host, credentials: { username: user, password: 'secret' }, expiresS: 3600,
        changed: ({ registered }) => void (registered && resolve()),
      });
    });
  // A few at a time: all at once would be a flood.
  while (users.length > 0) await Promise.all(users.splice(0, 50).map(one));
}

tell({ kind: 'ready', port });
