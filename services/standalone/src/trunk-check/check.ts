import { createSocket } from 'node:dgram';
import { isIP } from 'node:net';
import type { Trunk } from '@ritmo/domain';
import { createNativeSipStack, Locator, PortInUseError, type SipAddress, type SipStack, type SipTls } from '@ritmo/sip';
import { checkCall } from './call-step.ts';
import { answersTo, Ladder, type Rung } from './ladder.ts';
import { checkName, checkTransports, loopbackStep } from './reach.ts';
import { checkOptions, checkRegistration } from './sip-steps.ts';
import { fails, skipped, stepNames, warns, type Step, type StepName } from './step.ts';

export interface TrunkCheckRequest {
  readonly trunk: Trunk;
  /** Of the server's configuration: where the product would listen. */
  readonly listen: string;
  readonly sipPort: number;
  readonly advertise?: string;
  /** Where sound is listened for. Default: any port. */
  readonly rtpPorts?: readonly [number, number];
  /** Of the server's configuration: without it no TLS is spoken. */
  readonly tls?: SipTls;
  /** Default: the machine's. */
  readonly dnsServers?: readonly string[];
  /** Calls this number. Nobody is called without it. */
  readonly number?: string;
  /** Of the installation's routes. Default 11. */
  readonly homeAreaCode?: string;
  /** For each step. Default 5 000. */
  readonly timeoutMs?: number;
  /** Default 30 000. */
  readonly ringTimeoutMs?: number;
  readonly listenMs?: number;
  /** Nobody's phone is left ringing: the call is cancelled or hung up, and what was seen is told. */
  readonly interrupted?: AbortSignal;
  /** RFC 3261 T1; tests shorten it. */
  readonly t1Ms?: number;
}

export interface TrunkReport {
  readonly ok: boolean;
  readonly trunk: { readonly id: number; readonly name: string; readonly host: string; readonly port: number; readonly transport: string };
  readonly steps: readonly Step[];
  readonly ladder: readonly Rung[];
}

const defaultTimeoutMs = 5_000;
const defaultRingMs = 30_000;
const defaultListenMs = 2_000;
const defaultHomeAreaCode = '11';

/** Looks at a trunk from the name up to the sound of a call. What stands on a step that failed is not looked at. */
export async function checkTrunk(request: TrunkCheckRequest): Promise<TrunkReport> {
  const { trunk } = request;
  const ladder = new Ladder();
  const steps: Step[] = [];
  await climb(request, ladder, steps);
  const done = new Set(steps.map(({ name }) => name));
  const missing = stepNames.filter((name) => !done.has(name)).map((name) => skipped(name, whyNot(name, steps, request.number)));
  const ordered = [...steps, ...missing].sort((a, b) => stepNames.indexOf(a.name) - stepNames.indexOf(b.name));
  const { id, name, host, port, transport } = trunk;
  return { ok: !steps.some(({ result }) => result === 'fails'), trunk: { id, name, host, port, transport }, steps: ordered, ladder: ladder.rungs };
}

function whyNot(name: StepName, steps: readonly Step[], number: string | undefined): string {
  const broken = steps.find(({ result }) => result === 'fails');
  if (broken) return `not looked at: ${broken.name} failed`;
  if (number === undefined && ['codec', 'call', 'sound'].includes(name)) return 'nobody was called; --number N makes one call';
  return 'the call did not come that far';
}

async function climb(request: TrunkCheckRequest, ladder: Ladder, steps: Step[]): Promise<void> {
  const { trunk, timeoutMs = defaultTimeoutMs } = request;
  if (!trunk.enabled) steps.push(warns('name', 'the trunk is disabled: no campaign calls over it', 'set `enabled: true` when it is well'));
  const { step, servers } = await checkName(trunk, new Locator({ transports: transportsOf(request), family: request.listen.includes(':') ? 6 : 4, ...dnsOf(request) }));
  steps.push(step);
  const [first] = servers;
  if (!first) return;
  const loopback = loopbackStep(request.listen, first.host);
  if (loopback) steps.push(loopback);
  const transport = await checkTransports(trunk, servers, timeoutMs, request.tls?.ca);
  steps.push(transport);
  // Told beside what is wrong with the carrier's certificate: both have to be put right.
  const speaksIt = first.transport !== 'tls' || request.tls !== undefined;
  if (!speaksIt) steps.push(fails('options', 'this installation has no certificate, and does not speak TLS without one', 'set `server.tls` (key, cert), or use transport udp or tcp with this carrier'));
  if (transport.result === 'fails' || !speaksIt) return;
  const local = await localAddress(first.host, first.port);
  const sip = await startStack(request, local, ladder);
  try {
    await speak(sip, request, { local, ladder }, steps);
  } finally {
    await sip.stop();
  }
}

const dnsOf = ({ dnsServers }: TrunkCheckRequest) => (dnsServers === undefined ? {} : { servers: dnsServers });
const transportsOf = ({ trunk, tls }: TrunkCheckRequest) => (tls === undefined && trunk.transport !== 'tls' ? (['udp', 'tcp'] as const) : (['udp', 'tcp', 'tls'] as const));

async function speak(sip: SipStack, request: TrunkCheckRequest, { local, ladder }: { readonly local: string; readonly ladder: Ladder }, steps: Step[]): Promise<void> {
  const { trunk, number, timeoutMs = defaultTimeoutMs } = request;
  const address: SipAddress = { host: trunk.host, port: trunk.port, transport: trunk.transport };
  const options = await checkOptions(sip, address, timeoutMs);
  const registration = await checkRegistration(sip, trunk, address, { timeoutMs, answers: () => answersTo(ladder.rungs, 'REGISTER') });
  // Some carriers leave OPTIONS without an answer and are well: a registration or a call that went through says so.
  const isAlive = registration.some(({ name, result }) => name === 'registration' && result === 'ok');
  steps.push(options.result === 'fails' && isAlive ? ignoresOptions(options) : options, ...registration);
  const host = request.advertise ?? local;
  // A carrier on this network sees us as we are; one behind a NAT sees another address than we write.
  if (ladder.seenAs !== undefined && ladder.seenAs !== host) steps.push(seenElsewhere(host, ladder.seenAs));
  if (number === undefined || request.interrupted?.aborted === true || steps.some(({ name, result }) => name !== 'options' && result === 'fails')) return;
  // In the order of now: a server that left OPTIONS unanswered comes last.
  const call = await checkCall(sip, trunk, await sip.locate(address), {
    number, host, homeAreaCode: request.homeAreaCode ?? defaultHomeAreaCode, ringTimeoutMs: request.ringTimeoutMs ?? defaultRingMs, listenMs: request.listenMs ?? defaultListenMs,
    firstAnswerMs: 2 * timeoutMs,
    ...(request.rtpPorts === undefined ? {} : { rtpPorts: request.rtpPorts }),
    ...(request.interrupted === undefined ? {} : { interrupted: request.interrupted }),
    answers: () => answersTo(ladder.rungs, 'INVITE'), seenAs: () => ladder.seenAs,
  });
  const isAnswered = call.some(({ name, result }) => name === 'call' && result !== 'fails');
  if (options.result === 'fails' && isAnswered) steps[steps.indexOf(options)] = ignoresOptions(options);
  // What a call says of the password counts more than that nothing was known before.
  for (const step of call) {
    const before = steps.findIndex(({ name, result }) => name === step.name && result === 'skipped');
    if (before >= 0) steps[before] = step;
    else steps.push(step);
  }
}

const seenElsewhere = (host: string, seenAs: string): Step =>
  warns('options', `the carrier sees us at ${seenAs}, and our SIP and SDP say ${host}: calls connect, and sound may not`, `set \`server.advertise: ${seenAs}\` (RITMO_ADVERTISE), and forward the SIP and RTP ports to this machine`);

const ignoresOptions = ({ seen }: Step): Step =>
  warns('options', `${seen}, and the rest works`, 'this carrier ignores OPTIONS: set `optionsIntervalS: 0`, or the trunk will be taken for dead');

/** On the product's own port, as the carrier expects; while the product runs, on another. */
async function startStack(request: TrunkCheckRequest, local: string, ladder: Ladder): Promise<SipStack> {
  const { tls, dnsServers } = request;
  const start = async (port: number, tlsPort: number): Promise<SipStack> => {
    const sip = createNativeSipStack({
      host: local, port, realm: 'ritmo', userAgent: 'Ritmo trunk check', trace: ladder.trace,
      ...(tls === undefined ? { transports: ['udp', 'tcp'] } : { transports: ['udp', 'tcp', 'tls'], tls: { ...tls, port: tlsPort } }),
      ...(dnsServers === undefined ? {} : { dnsServers }),
      ...(request.advertise === undefined ? {} : { advertisedHost: request.advertise }),
      ...(request.t1Ms === undefined ? {} : { t1Ms: request.t1Ms }),
      // Calls of others are not for a check: they get no answer here.
      handlers: { classify: () => 'unknown', credentialsOf: () => undefined, incoming: () => undefined, registered: () => undefined, unregistered: () => undefined },
    });
    await sip.start();
    return sip;
  };
  try {
    return await start(request.sipPort, tls?.port ?? 0);
  } catch (error) {
    if (error instanceof PortInUseError) return start(0, 0);
    throw error;
  }
}

/** The address of this machine that packets to the carrier leave from. */
function localAddress(host: string, port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = createSocket(isIP(host) === 6 ? 'udp6' : 'udp4');
    socket.once('error', reject);
    socket.connect(port, host, () => {
      const { address } = socket.address();
      socket.close(() => resolve(address));
    });
  });
}
