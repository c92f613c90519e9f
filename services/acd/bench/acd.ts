/**
 * From a customer's 200 to the INVITE to a free agent, on the wire, while calls are relayed and recorded.
 * `npm run bench:acd -- [--seconds 20] [--agents 200] [--rate 50] [--in-flight 500] [--json]`
 */
import { benchFlags } from '@ritmo/testing';
import type { FarEndReport } from './far-end.ts';
import { forkFarEnd, printSpreads, spread, startProduct } from './product.ts';

const values = benchFlags("From a customer's 200 to the INVITE to a free agent, on the wire, while calls are relayed and recorded.", {
  seconds: [20, 'how long, after the warm-up'],
  agents: [200, 'registered agents'],
  rate: [50, 'calls a second'],
  'in-flight': [500, 'calls at a time'],
});
const { seconds, agents, rate, 'in-flight': inFlight } = values;
/** Agents are busy 85 % of the time, so that one is always free; the rest of those in flight ring. */
const talkMs = Math.round((agents * 0.85 * 1000) / rate);
const ringMs = Math.max(500, Math.round((inFlight * 1000) / rate - talkMs));
const warmUpMs = ringMs * 1.3 + talkMs + 1_000;
const say = (text: string): void => void (values.json || console.log(text));

type Message = { readonly kind: 'ready'; readonly port: number } | { readonly kind: 'registered' } | { readonly kind: 'report'; readonly report: FarEndReport };
const far = forkFarEnd<Message>('./far-end.ts');
const { port: carrierPort } = await far.hear('ready');
const product = await startProduct({ agents, carrierPort, record: true });
const { placing, seen } = product;

far.child.send({ kind: 'start', order: { productPort: product.port, agents, ringMs, talkMs, measureFromMs: warmUpMs } });
await far.hear('registered');
say(`${agents} agents, ${rate} calls a second, ringing ${ringMs} ms and talking ${talkMs} ms: about ${inFlight} in flight. Warming up for ${Math.round(warmUpMs / 1000)} s, then ${seconds} s.`);

const cpuFrom = process.cpuUsage();
const from = performance.now();
const untilMs = warmUpMs + seconds * 1000;
await new Promise<void>((resolve) => {
  const timer = setInterval(() => {
    const passed = performance.now() - from;
    if (passed > untilMs) {
      clearInterval(timer);
      resolve();
      return;
    }
    const due = Math.floor((passed * rate) / 1000) - placing.placed;
    if (due > 0) void product.place(due);
  }, 20);
});
const ranMs = performance.now() - from;
const cpu = process.cpuUsage(cpuFrom);
await product.settled(ringMs * 2 + talkMs * 2 + 5_000);
far.child.send({ kind: 'report' });
const { report } = await far.hear('report');
const left = product.occupied();
const relayed = product.media.stats.packetsRelayed;

/** The product's own histogram of the same span: without the wire, and without the far end's waiting for a core. */
const inside = async (): Promise<{ mean: number; p99Below: number | null }> => {
  const samples = (await product.context.metrics.getSingleMetric('ritmo_telephony_answer_to_offer_seconds')?.get())?.values ?? [];
  const named = (suffix: string) => samples.filter((sample) => 'metricName' in sample && String(sample.metricName).endsWith(suffix));
  const [sum, count] = [named('_sum')[0]?.value ?? 0, named('_count')[0]?.value ?? 0];
  const bucket = named('_bucket').find((sample) => sample.value >= count * 0.99)?.labels['le'];
  return { mean: Math.round((sum / Math.max(1, count)) * 1e5) / 100, p99Below: typeof bucket === 'number' ? bucket * 1000 : null };
};
const insideProduct = await inside();
const result = {
  offerLatencyMs: spread(report.latencies),
  optionsRoundTripMs: spread(report.roundTrips),
  insideProductMs: insideProduct,
  agents, callsPerSecond: rate, mostInFlight: report.mostInFlight, placed: placing.placed, refused: placing.refused, answered: report.answered,
  delivered: seen.delivered, missed: seen.missed, abandoned: seen.abandoned, recordings: seen.recorded, packetsRelayed: relayed, deafCalls: report.deaf, left,
  cpuPct: { product: Math.round((cpu.user + cpu.system) / ranMs / 10), farEnd: Math.round((report.cpuMs / ranMs) * 100) },
  target: { p99Ms: 20 },
  reference: {
    what: 'Asterisk 22 on such a machine, engine only, without recording; facts measured before, not in this run',
    appQueue600Members: { callsPerSecond: 100, p50: 2.3, p99: 4.7, collapsesAt: 200 },
    dial: { callsPerSecond: 200, p50: 1.5, p99: 4.2 },
  },
};
if (values.json) console.log(JSON.stringify(result));
else {
  printSpreads({ "customer's 200 to agent's INVITE": result.offerLatencyMs, 'OPTIONS and back, same wire, same time': result.optionsRoundTripMs });
  console.log(`the same by the product's own clock: mean ${insideProduct.mean} ms, p99 below ${insideProduct.p99Below ?? '?'} ms`);
  console.log(`delivered ${seen.delivered} of ${report.answered} answered, missed ${seen.missed}, abandoned ${seen.abandoned}, recordings ${seen.recorded}, deaf calls ${report.deaf}`);
  console.log(`most in flight ${report.mostInFlight}, packets relayed ${relayed}, CPU of one core: product ${result.cpuPct.product} %, far end ${result.cpuPct.farEnd} %`);
  console.log(`left behind: ${JSON.stringify(left)}`);
  console.log('for comparison, measured before on such a machine: Asterisk 22 app_queue, 600 members, 100 calls/s: 2.3 / 4.7 ms (p50/p99), collapse at 200; Dial, 200 calls/s: 1.5 / 4.2 ms');
}
far.child.kill();
await product.stop();
process.exit(result.offerLatencyMs.count > 0 && seen.delivered > 0 ? 0 : 1);
