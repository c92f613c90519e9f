/**
 * npm run bench:flood: 20,000 INVITE and REGISTER a second from addresses nobody knows, while calls go on as before.
 * Our stack calls a trunk (--calls a second, one second each), takes calls from it, and registers a phone in the middle of the flood.
 * --rate packets a second, --kind INVITE|REGISTER|both, --sources addresses, --seconds. Exit code 1 when a legitimate call was lost.
 */
import { benchFlags } from '@ritmo/testing';
import { createNativeSipStack } from '../src/index.ts';
import { CallGenerator, startCaller } from './caller.ts';
import { startFarProcess } from './far-process.ts';

const values = benchFlags('A flood of INVITE and REGISTER from addresses nobody knows, while calls go on as before. Exit code 1 when a legitimate call was lost.', {
  rate: [20_000, 'packets a second'],
  seconds: [20, 'seconds of flood'],
  calls: [50, 'legitimate calls a second, each one second long'],
  kind: ['both', 'INVITE, REGISTER or both'],
  sources: [250, 'addresses the flood comes from'],
});
const { seconds, calls: callsPerSecond } = values;
const PASSWORD = 'segredo';

const far = await startFarProcess('far-end.ts');
let took = 0;
const stack = createNativeSipStack({
  host: '127.0.0.1', port: 0, transports: ['udp'], realm: 'bench', userAgent: 'bench',
  handlers: {
    // What the telephony service says: the trunk's address is a trunk, an extension's name is challenged wherever it comes from.
    classify: (source, fromUser) => (source.host === '127.0.0.1' && fromUser !== '200' ? 'trunk' : /^[1-9]\d{3}$|^200$/.test(fromUser) ? 'extension' : 'unknown'),
    credentialsOf: (user) => (user === '200' ? { username: user, password: PASSWORD } : undefined),
    incoming: (call) => {
      took++;
      call.ring();
      call.answer('v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 40000 RTP/AVP 8\r\n').then((established) => established.listen({ ended: () => undefined }), () => undefined);
    },
    registered: () => undefined, unregistered: () => undefined,
  },
});
const { port } = await stack.start();
const trunk = await startCaller();
const phone = createNativeSipStack({
  host: '127.9.9.9', port: 0, transports: ['udp'], realm: 'bench', userAgent: 'phone',
  handlers: { classify: () => 'trunk', credentialsOf: () => undefined, incoming: (call) => call.reject(480), registered: () => undefined, unregistered: () => undefined },
});
await phone.start();
const flooder = await startFarProcess('flooder.ts', ['--port', String(port), '--rate', String(values.rate), '--kind', values.kind, '--sources', String(values.sources)]);

const out = new CallGenerator(stack, far.said.port);
const into = new CallGenerator(trunk, port);
const measure = async (forSeconds: number): Promise<{ cpuShare: number; p99: number }> => {
  out.setups.clear();
  const cpu = process.cpuUsage();
  const startedAt = performance.now();
  await Promise.all([out.run(callsPerSecond, forSeconds, false), into.run(callsPerSecond, forSeconds, false)]);
  const { user, system } = process.cpuUsage(cpu);
  return { cpuShare: Math.round((user + system) / 10 / (performance.now() - startedAt)) / 100, p99: out.setups.percentile(0.99) };
};

const quiet = await measure(5);
const sentBefore = stack.stats.sent;
flooder.child.stdin.write('go\n');
let registeredAfterMs = -1;
const askedAt = performance.now() + 2_000;
setTimeout(() => {
  phone.register({
    registrar: { host: '127.0.0.1', port, transport: 'udp' }, user: '200', domain: 'bench', credentials: { username: '200', password: PASSWORD },
    changed: (state) => {
      if (state.registered && registeredAfterMs < 0) registeredAfterMs = Math.round(performance.now() - askedAt);
    },
  });
}, 2_000);
const flooded = await measure(seconds);
const report = new Promise<{ sent: number; seconds: number }>((resolve) => {
  flooder.child.stdout.once('data', (line: Buffer) => resolve(JSON.parse(line.toString()) as { sent: number; seconds: number }));
});
flooder.stop();
const flood = await report;
await Promise.all([out.run(0, 0, true), into.run(0, 0, true)]);

const lost = (calls: CallGenerator): number => calls.tally.failed + calls.tally.shedHere + calls.tally.shedThere + calls.open;
const result = {
  floodPerSecond: Math.round(flood.sent / flood.seconds), floodPackets: flood.sent, dropped: stack.stats.dropped,
  callsOut: out.tally.started, callsIn: into.tally.started, lostOut: lost(out), lostIn: lost(into), taken: took,
  setupP99MsQuiet: quiet.p99, setupP99MsFlooded: flooded.p99, cpuShareQuiet: quiet.cpuShare, cpuShareFlooded: flooded.cpuShare,
  sentWhileFlooded: stack.stats.sent - sentBefore, newPhoneRegisteredAfterMs: registeredAfterMs, rssMb: Math.round(process.memoryUsage.rss() / 1_048_576),
  transactions: stack.stats.transactions, seconds,
};
if (values.json) console.log(JSON.stringify(result));
else {
  console.log(`flood: ${result.floodPerSecond} packets/s for ${seconds} s from ${values.sources} addresses, ${result.dropped} dropped`);
  console.log(`calls out ${result.callsOut}, lost ${result.lostOut}; calls in ${result.callsIn}, lost ${result.lostIn}; setup p99 ${quiet.p99} ms before, ${flooded.p99} ms during`);
  console.log(`CPU of this process (our stack, the trunk and the phone) ${quiet.cpuShare} of a core before, ${flooded.cpuShare} during; rss ${result.rssMb} MB`);
  console.log(registeredAfterMs < 0 ? 'a new phone could NOT register during the flood' : `a new phone registered during the flood after ${registeredAfterMs} ms`);
}
process.exitCode = result.lostOut + result.lostIn === 0 && registeredAfterMs >= 0 ? 0 : 1;
far.stop();
await Promise.all([stack.stop(), trunk.stop(), phone.stop()]);
