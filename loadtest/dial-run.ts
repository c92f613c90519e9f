import { forkSimulator, type HandledCall } from '@ritmo/testing';
import { percentile } from './metrics.ts';
import { planCalls } from './plan.ts';
import { extensionOf, passwordOf, Product } from './product.ts';
import { loseWith, type LoadRun, type RunParts } from './load-run.ts';
import { noProduct, type ProductFigures } from './run-metrics.ts';
import { calleeCsv, calleeScenario, codesOf } from './scenarios.ts';
import { callsOf } from './shapes.ts';
import { Sipp } from './sipp.ts';
import type { Meter } from './meter.ts';

const wholeRate = (rate: number): number => Math.max(1, Math.round(rate));
const contactsPerCall = 1.2;
const host = '127.0.0.1';

/** Ritmo dials a list over a trunk that is SIPp; simulated agents take the calls. */
export async function createDialRun(parts: RunParts): Promise<LoadRun> {
  const { options, profile, folder, say, lost, closing, agents, channels } = parts;
  const calls = callsOf({ name: options.shape, rate: options.rate, seconds: options.seconds }, wholeRate);
  const plans = planCalls(profile, Math.ceil(calls * contactsPerCall) + 50, options.seed);
  const codes = codesOf(plans);
  const sipp = await Sipp.start({
    folder, host, name: 'carrier', scenario: calleeScenario(codes), csv: calleeCsv(plans, codes), transport: profile.transport, lossPct: profile.lossPct,
  });
  closing.push(() => sipp.stop());
  say(`SIPp is the carrier on ${host}:${sipp.port} (${profile.transport}); starting Ritmo for ${agents} agents and ${channels} channels`);
  const product = await Product.start({ folder, carrier: { host, port: sipp.port, transport: profile.transport }, agents, channels, callsPerSecond: wholeRate(1) });
  closing.push(() => product.stop());
  product.onExit = (code) => loseWith(lost, `the product ended with ${code} in the middle of the run`);
  const handled: HandledCall[] = [];
  await bringAgents(parts, product, (call) => handled.push(call));
  await product.importContacts(listOf(profile.numbers, plans.length));
  say(`${agents} agents are free, ${plans.length} contacts imported; the run begins`);
  const before = await product.usage();
  let rate = 0;
  let active = false;
  return {
    sipp, agents, target: null, maxCalls: Number.POSITIVE_INFINITY,
    quantise: (wanted) => (wanted <= 0 ? 0 : wholeRate(wanted)),
    async setRate(wanted, meter) {
      if (wanted === rate) return;
      rate = wanted;
      // The moment before it is asked for: from then on a call may be one of the new limit, and one of the old for a second more.
      meter.limit({ atMs: Date.now(), callsPerSecond: wanted, channels });
      await product.setRate(wanted);
      if (!active) await product.setActive((active = true));
    },
    usage: () => product.usage(),
    endDialing: () => product.setActive(false),
    isOver: async (meter) => meter.channels === 0 && (await product.callsInProgress()) === 0,
    figures: (meter) => productFigures(product, meter, handled, before?.cpuMs),
  };
}

/** Simulated agents in a process of their own, registered and free. */
export async function bringAgents({ options, lost, closing, agents, talkMs }: RunParts, product: Product, onCall: (call: HandledCall) => void): Promise<void> {
  const simulator = await forkSimulator({ onWrapUp: onCall, onExit: (code) => loseWith(lost, `the simulated agents ended with ${code}`) });
  closing.push(() => simulator.stop());
  await simulator.startAgents({
    registrar: { host, port: product.sipPort },
    seed: options.seed,
    accounts: Array.from({ length: agents }, (_, index) => ({ extension: extensionOf(index), password: passwordOf(extensionOf(index)) })),
    answerDelayMs: { min: 200, max: 700 },
    hangsUpP: 1,
    talkMs: { mean: talkMs, atLeast: talkMs / 4, atMost: talkMs * 3 },
    wrapUpMs: 50,
    captureHeaders: ['X-Ritmo-Call-Id'],
    speaks: options.speaks,
    expiresS: 300,
  });
  await product.agentsReady(agents);
}

async function productFigures(product: Product, meter: Meter, handled: readonly HandledCall[], cpuBeforeMs: number | undefined): Promise<ProductFigures> {
  const [campaign, usage] = await Promise.all([product.campaign(), product.usage()]);
  const { attempts } = meter.figures();
  // The product's call id is the first part of its SIP Call-ID, and the offer to the agent carries it.
  const answeredAt = new Map([...meter.answers()].map(([sipCallId, atMs]) => [sipCallId.split('@')[0] ?? '', atMs]));
  const offers = handled.flatMap(({ headers, offeredAtMs }) => {
    const atMs = answeredAt.get(headers['X-Ritmo-Call-Id'] ?? '');
    return atMs === undefined ? [] : [offeredAtMs - atMs];
  });
  return {
    ...noProduct,
    attemptsUnaccounted: campaign.attempts - attempts,
    delivered: campaign.outcomes['delivered'] ?? 0,
    abandoned: campaign.abandoned,
    abandonedPct: campaign.abandonRatePct,
    offerP50Ms: percentile(offers, 50),
    offerP99Ms: percentile(offers, 99),
    productCpuMsPerCall: usage && cpuBeforeMs !== undefined && attempts > 0 ? (usage.cpuMs - cpuBeforeMs) / attempts : null,
    productRssMb: usage?.peakRssMb ?? null,
  };
}

/** Numbers of São Paulo that nobody has: nothing leaves this machine, and they must still be valid. */
function listOf(kind: 'mobile' | 'landline', count: number): readonly string[] {
  const first = kind === 'mobile' ? 900_000_000 : 20_000_000;
  return Array.from({ length: count }, (_, index) => String(first + index));
}
