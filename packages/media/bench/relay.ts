/**
 * Two-way RTP at 50 packets a second each way through the engine, every call recorded, next to a bare forward of datagrams
 * without recording in the same run. The talkers run in a process of their own.
 *
 *   node --import tsx packages/media/bench/relay.ts --calls 200 --seconds 10 --json
 */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { benchFlags } from '@ritmo/testing';
import { createNativeMediaEngine } from '../src/index.ts';
import { startBareForward } from './bare-forward.ts';
import type { TalkResult } from './talkers.ts';

const HOST = '127.0.0.1';

interface Measured {
  readonly cpuPercentOfACore: number;
  readonly packetsSent: number;
  readonly packetsLost: number;
  readonly delayP50Ms: number;
  readonly delayP99Ms: number;
}

const values = benchFlags('Two-way RTP through the engine, every call recorded, next to a bare forward of datagrams without recording in the same run.', {
  calls: [200, 'calls at a time'],
  seconds: [10, 'how long, after 2 s of warm-up'],
  main: [false, 'keep the relay in this thread, where a profiler sees it'],
});
const { calls, seconds, json: isJson } = values;
const thread = values.main ? 'main' : 'worker';

async function talk(child: ChildProcess, targets: readonly (readonly [number, number])[]): Promise<{ measured: Measured }> {
  // Warm-up first: the compiler's work is not the relay's.
  child.send({ kind: 'talk', targets, warmUpSeconds: 2, seconds });
  await message(child, 'warm');
  const before = process.cpuUsage();
  const startedAt = performance.now();
  const result = (await message(child, 'result')) as unknown as TalkResult;
  const used = process.cpuUsage(before);
  const elapsedUs = (performance.now() - startedAt) * 1000;
  return {
    measured: {
      cpuPercentOfACore: Math.round(((used.user + used.system) / elapsedUs) * 1000) / 10,
      packetsSent: result.sent,
      packetsLost: result.sent - result.heard,
      delayP50Ms: result.delayP50Ms,
      delayP99Ms: result.delayP99Ms,
    },
  };
}

async function message(child: ChildProcess, kind: string): Promise<{ kind: string }> {
  for (;;) {
    const [received] = (await once(child, 'message')) as [{ kind: string }];
    if (received.kind === kind) return received;
  }
}

async function startTalkers(): Promise<{ child: ChildProcess; ports: readonly (readonly [number, number])[] }> {
  const child = fork(new URL('./talkers.ts', import.meta.url), [String(calls)], { execArgv: ['--import', 'tsx'] });
  const { ports } = (await message(child, 'ports')) as unknown as { ports: readonly (readonly [number, number])[] };
  return { child, ports };
}

async function measureEngine(): Promise<Measured & { recordedSeconds: number; files: number }> {
  const dir = await mkdtemp(join(tmpdir(), 'ritmo-relay-'));
  const { child, ports } = await startTalkers();
  const engine = createNativeMediaEngine({ host: HOST, portRange: [10_000, 31_999], codecs: ['PCMA'], thread });
  await engine.start();
  try {
    const targets: [number, number][] = [];
    const sessions = [];
    for (const [i, [customerPort, agentPort]] of ports.entries()) {
      const session = engine.createSession(String(i));
      const customer = await session.openLeg('customer', 'customer');
      const agent = await session.openLeg('agent', 'agent');
      customer.accept(sdpOf(customerPort));
      agent.accept(sdpOf(agentPort));
      session.bridge('customer', 'agent');
      await session.startRecording(join(dir, `${i}.wav`));
      sessions.push(session);
      targets.push([customer.port, agent.port]);
    }
    const { measured } = await talk(child, targets);
    const parts = await Promise.all(sessions.map((session) => session.stopRecording()));
    const shortestMs = Math.min(...parts.map((part) => part?.durationMs ?? 0));
    const files = await readdir(dir);
    for (const file of files) if ((await stat(join(dir, file))).size < shortestMs * 16) throw new Error(`${file} is short`);
    return { ...measured, recordedSeconds: Math.round(shortestMs / 1000), files: files.length };
  } finally {
    child.kill();
    await engine.stop();
    await rm(dir, { recursive: true });
  }
}

function sdpOf(port: number): string {
  return `v=0\r\no=- 1 1 IN IP4 ${HOST}\r\ns=-\r\nc=IN IP4 ${HOST}\r\nt=0 0\r\nm=audio ${port} RTP/AVP 8\r\n`;
}

async function measureBareForward(): Promise<Measured> {
  const { child, ports } = await startTalkers();
  const forward = await startBareForward(HOST, ports);
  try {
    return (await talk(child, forward.targets)).measured;
  } finally {
    child.kill();
    forward.close();
  }
}

const baseline = await measureBareForward();
const engine = await measureEngine();
const result = { calls, seconds, engine, baseline: { what: 'bare dgram forward, no recording', ...baseline } };
if (isJson) console.log(JSON.stringify(result));
else {
  console.log(`${calls} calls, 50 packets/s each way, ${seconds} s`);
  console.table({ 'Ritmo relay + stereo WAV': engine, 'bare dgram forward': baseline });
}
process.exit(0);
