import { createSocket } from 'node:dgram';
import { isIP } from 'node:net';
import type { Trunk } from '@ritmo/domain';
import { createNativeSipStack, PortInUseError, type SipAddress, type SipStack } from '@ritmo/sip';
import { checkCall } from './call-step.ts';
import { Ladder, type Rung } from './ladder.ts';
import { checkName, checkTransport, loopbackStep } from './reach.ts';
import { checkOptions, checkRegistration } from './sip-steps.ts';
import { fails, skipped, stepNames, warns, type Step, type StepName } from './step.ts';

export interface TrunkCheckRequest {
  readonly trunk: Trunk;
  /** Of the server's configuration: where the product would listen. */
  readonly listen: string;
  readonly sipPort: number;
  readonly advertise?: string;
  /** Calls this number. Nobody is called without it. */
  readonly number?: string;
  /** For each step. Default 5 000. */
  readonly timeoutMs?: number;
  /** Default 30 000. */
  readonly ringTimeoutMs?: number;
  readonly listenMs?: number;
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
  const named = await checkName(trunk.host);
  steps.push(named.step);
  if (named.address === undefined) return;
  const loopback = loopbackStep(request.listen, named.address);
  if (loopback) steps.push(loopback);
  const transport = await checkTransport(trunk, named.address, timeoutMs);
  steps.push(transport);
  if (transport.result === 'fails') return;
  if (trunk.transport === 'tls') {
    steps.push(fails('options', 'calls over TLS to a trunk are not carried by this version', 'use transport udp or tcp with this carrier'));
    return;
  }
  const address: SipAddress = { host: named.address, port: trunk.port, transport: trunk.transport };
  const local = await localAddress(named.address, trunk.port);
  const sip = await startStack(request, local, ladder);
  try {
    await speak(sip, request, address, local, steps);
  } finally {
    await sip.stop();
  }
}

async function speak(sip: SipStack, request: TrunkCheckRequest, address: SipAddress, local: string, steps: Step[]): Promise<void> {
  const { trunk, number, timeoutMs = defaultTimeoutMs } = request;
  const options = await checkOptions(sip, address, timeoutMs);
  const registration = await checkRegistration(sip, trunk, address, timeoutMs);
  // Some carriers leave OPTIONS without an answer and are well: a registration or a call that went through says so.
  const isAlive = registration.some(({ name, result }) => name === 'registration' && result === 'ok');
  steps.push(options.result === 'fails' && isAlive ? ignoresOptions(options) : options, ...registration);
  if (number === undefined || steps.some(({ name, result }) => name !== 'options' && result === 'fails')) return;
  const call = await checkCall(sip, trunk, address, {
    number, host: request.advertise ?? local, ringTimeoutMs: request.ringTimeoutMs ?? defaultRingMs, listenMs: request.listenMs ?? defaultListenMs,
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

const ignoresOptions = ({ seen }: Step): Step =>
  warns('options', `${seen}, and the rest works`, 'this carrier ignores OPTIONS: set `optionsIntervalS: 0`, or the trunk will be taken for dead');

/** On the product's own port, as the carrier expects; while the product runs, on another. */
async function startStack(request: TrunkCheckRequest, local: string, ladder: Ladder): Promise<SipStack> {
  const start = async (port: number): Promise<SipStack> => {
    const sip = createNativeSipStack({
      host: local, port, transports: ['udp', 'tcp'], realm: 'ritmo', userAgent: 'Ritmo trunk check', trace: ladder.trace,
      ...(request.advertise === undefined ? {} : { advertisedHost: request.advertise }),
      ...(request.t1Ms === undefined ? {} : { t1Ms: request.t1Ms }),
      // Calls of others are not for a check: they get no answer here.
      handlers: { classify: () => 'unknown', credentialsOf: () => undefined, incoming: () => undefined, registered: () => undefined, unregistered: () => undefined },
    });
    await sip.start();
    return sip;
  };
  try {
    return await start(request.sipPort);
  } catch (error) {
    if (error instanceof PortInUseError) return start(0);
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
