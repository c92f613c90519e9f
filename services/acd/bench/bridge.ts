/**
 * Customer answered -> agent's INVITE -> bridged -> hung up, through telephony and the acd, with every fact stored. Measured at the far end.
 * `npm run bench:bridge -- [--rate 300] [--seconds 60] [--agents 600] [--talk-ms 1000] [--record] [--json]`
 */
import { benchFlags, watchStolenTime } from '@ritmo/testing';
import type { BridgeCommand, BridgeMessage } from './bridge-far-end.ts';
import { forkFarEnd, printSpreads, spread, startProduct } from './product.ts';

const values = benchFlags("Customer answered, agent's INVITE, bridged, hung up: through telephony and the acd, every fact stored, measured at the far end.", {
  rate: [300, 'calls a second'],
  seconds: [60, 'how long, after 5 s of warm-up'],
  agents: [600, 'registered agents'],
  'talk-ms': [1_000, 'length of a conversation'],
  record: [false, 'record every call'],
});
const { rate, seconds, agents, 'talk-ms': talkMs } = values;
const ringMs = 300;
const warmUpMs = 5_000;
const say = (text: string): void => void (values.json || console.log(text));

const far = forkFarEnd<BridgeMessage>('./bridge-far-end.ts');
const order = (command: BridgeCommand): void => void far.child.send(command);
const { port: carrierPort } = await far.hear('ready');
const product = await startProduct({ agents, carrierPort, record: values.record });
const { placing, seen } = product;

order({ kind: 'start', order: { productPort: product.port, agents, ringMs, talkMs } });
await far.hear('registered');
say(`${agents} agents registered; ${rate} calls a second, each rings ${ringMs} ms and talks ${talkMs} ms${values.record ? ', recorded' : ''}. ${warmUpMs / 1000} s of warm-up, then ${seconds} s.`);

/** Places calls evenly until the time is over. */
const run = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    const from = performance.now();
    const before = placing.placed;
    const timer = setInterval(() => {
      const passed = performance.now() - from;
      const due = Math.floor((Math.min(passed, ms) * rate) / 1000) - (placing.placed - before);
      if (due > 0) product.place(due).catch((error: unknown) => product.context.log.error({ err: error }, 'a call could not be placed'));
      if (passed < ms) return;
      clearInterval(timer);
      resolve();
    }, 5);
  });

await run(warmUpMs);
order({ kind: 'measure' });
const stolenPct = watchStolenTime();
const [cpuFrom, from, placedBefore] = [process.cpuUsage(), performance.now(), placing.placed];
await run(seconds * 1000);
order({ kind: 'rest' });
const [cpu, ranMs, placedMeasured] = [process.cpuUsage(cpuFrom), performance.now() - from, placing.placed - placedBefore];
const stolen = stolenPct() ?? null;
await product.settled(talkMs * 3 + 5_000);
order({ kind: 'report' });
const { report } = await far.hear('report');

const result = {
  rate, seconds: Math.round(ranMs / 1000), callsPerSecond: Math.round((report.bridged * 10_000) / ranMs) / 10,
  placed: placedMeasured, noPlace: placing.noPlace, invited: report.invited, answered: report.answered, bridged: report.bridged, hungUp: report.hungUp,
  failures: report.invited - Math.min(report.bridged, report.hungUp) + placing.refused + report.refused,
  answeredToInviteMs: spread(report.toInvite),
  answeredToBridgedMs: spread(report.toBridge),
  baselines: {
    optionsRoundTripMs: spread(report.options),
    asterisk22MeasuredBefore: { dial: { callsPerSecond: 200, p50: 1.5, p99: 4.2 }, appQueue600Members: { callsPerSecond: 100, p50: 2.3, p99: 4.7 } },
  },
  cpuMsPerCall: Math.round(((cpu.user + cpu.system) / 1000 / Math.max(1, report.bridged)) * 100) / 100,
  cpuPct: { product: Math.round((cpu.user + cpu.system) / ranMs / 10), farEnd: Math.round((report.cpuMs / ranMs) * 100) },
  /** By the host of a virtual machine, of both cores. */
  stolenPct: stolen,
  rssMb: Math.round(process.memoryUsage.rss() / 1e6),
  deliveredInAll: seen.delivered, missed: seen.missed, abandoned: seen.abandoned, retransmissionsAtFarEnd: report.retransmissions, mostInFlight: report.mostInFlight,
  left: product.occupied(),
  target: { callsPerSecond: 300, p99Ms: 20 },
};
if (values.json) console.log(JSON.stringify(result));
else {
  printSpreads({
    "customer's 200 to agent's INVITE": result.answeredToInviteMs,
    "customer's 200 to the ACK of the agent's 200": result.answeredToBridgedMs,
    'OPTIONS and back, same wire, same time': result.baselines.optionsRoundTripMs,
  });
  console.log(`${result.callsPerSecond} bridged a second (asked ${rate}); invited ${report.invited}, answered ${report.answered}, bridged ${report.bridged}, hung up ${report.hungUp}, failures ${result.failures}, no place at the first try ${JSON.stringify(placing.noPlace)}, missed ${seen.missed}, abandoned ${seen.abandoned}`);
  console.log(`CPU ${result.cpuMsPerCall} ms per call; of one core: product ${result.cpuPct.product} %, far end ${result.cpuPct.farEnd} %; ${result.rssMb} MB${stolen === null ? '' : `; the host took ${stolen} % of the cores`}; most in flight ${report.mostInFlight}, retransmissions ${report.retransmissions}`);
  console.log(`left behind: ${JSON.stringify(result.left)}`);
  console.log('for comparison, measured before on such a machine: Asterisk 22 Dial 200 calls/s 1.5 / 4.2 ms (p50/p99), app_queue with 600 members 100 calls/s 2.3 / 4.7 ms, collapse at 200');
}
far.child.kill();
await product.stop();
process.exit(result.failures === 0 && report.bridged > 0 ? 0 : 1);
