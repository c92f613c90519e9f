/**
 * 1,000 readers at once and 200 calls a second: from event to line, and one reader that does not read.
 * `npm run bench:socket`. Usage: --readers 1000 --calls 200 --seconds 10
 */
import { fork } from 'node:child_process';
import { connect } from 'node:net';
import { createStage } from '@ritmo/contract/testing';
import { asCallId, asExtension, asId, asLegId, fact, streams, type AgentId, type CampaignId, type ContactId, type PhoneId, type QueueId, type RouteId, type TrunkId, type UserStatusId } from '@ritmo/domain';
import { benchFlags } from '@ritmo/testing';
import pino from 'pino';
import { createSocketApp } from '../src/app.ts';

const values = benchFlags('From event to line with many readers at once, and one reader that does not read.', {
  readers: [1_000, 'readers on the reading socket'],
  calls: [200, 'calls a second'],
  seconds: [10, 'how long'],
});
const { readers: readerCount, calls: callsPerSecond } = values;
const total = callsPerSecond * values.seconds;
const targetP99Ms = 100;

const stage = await createStage({ log: pino({ level: 'warn' }) });
stage.put('settings', { id: 1 });
stage.put('user-status', { id: 1, name: 'Logado' });
const app = createSocketApp(stage.context, { readPort: 0, writePort: 0 });
await app.start();

interface Report {
  readonly kind: 'connected' | 'report';
  readonly lines: number;
  readonly outOfOrder: number;
  readonly finished: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}
const child = fork(new URL('./readers.ts', import.meta.url), [String(app.readPort()), String(readerCount), String(total)], { execArgv: ['--import', 'tsx'] });
const heard = (kind: Report['kind']): Promise<Report> =>
  new Promise((resolve) => {
    const listen = (message: unknown): void => {
      if ((message as Report).kind !== kind) return;
      child.off('message', listen);
      resolve(message as Report);
    };
    child.on('message', listen);
  });
await heard('connected');
const stuck = connect(app.readPort(), '127.0.0.1').on('error', () => undefined);
await new Promise((resolve) => setTimeout(resolve, 200));
stuck.pause();

const by = { kind: 'system' } as const;
const campaignId = asId<CampaignId>(10);
const phoneId = asId<PhoneId>(1);
const agentId = asId<AgentId>(1);
for (let id = 1; id <= callsPerSecond; id += 1) {
  const imported = fact('ContactImported', 0, { contactId: asId<ContactId>(id), campaignId, parameters: [`${id}`, 'TESTE'], phones: [], source: 'bench', by });
  await stage.context.events.append({ streamId: streams.contact(asId<ContactId>(id)), expectedVersion: 'any', events: [{ type: imported.type, data: imported.data as never, at: 0 }] });
}

/** A call as the dialer, telephony and the acd tell it: a <D>, an <H> and a marked <S> on the socket. */
function call(sequence: number): void {
  const at = Date.now();
  const callId = asCallId(`1.${sequence}`);
  const contactId = asId<ContactId>((sequence % callsPerSecond) + 1);
  const extension = asExtension(`${40_000 + (sequence % 200)}`);
  const legId = asLegId(`1.${sequence}/1`);
  const { bus } = stage;
  bus.publish('fact.AttemptStarted', fact('AttemptStarted', at, { callId, contactId, campaignId, phoneId, areaCode: '11', number: '33553434', dialString: '', trunkId: asId<TrunkId>(1), routeId: asId<RouteId>(1), callerId: '', reason: 'fresh', agentId: null }));
  bus.publish('fact.CallDelivered', fact('CallDelivered', at, { callId, legId, agentId, extension, queueId: asId<QueueId>(1), campaignId, waitMs: 1 }));
  bus.publish('fact.AgentLegEnded', fact('AgentLegEnded', at, { callId, legId, agentId, extension, by: 'agent', talkMs: 1 }));
  const now = performance.timeOrigin + performance.now();
  const marked = asExtension(`${sequence}.${now.toFixed(2)}`);
  bus.publish('fact.AgentStatusChanged', fact('AgentStatusChanged', at, { agentId, extension: marked, statusId: asId<UserStatusId>(1), previousStatusId: null, previousMs: 0, by, reason: 'requested' }));
}

const cpuBefore = process.cpuUsage();
const began = performance.now();
let sent = 0;
while (sent < total) {
  const due = Math.min(total, Math.floor(((performance.now() - began) / 1_000) * callsPerSecond));
  while (sent < due) call(sent++);
  await new Promise((resolve) => setTimeout(resolve, 2));
}
const cpu = process.cpuUsage(cpuBefore);
const limit = setTimeout(() => child.send('report'), 10_000);
const report = await heard('report');
clearTimeout(limit);
console.log(
  `${readerCount} readers, ${callsPerSecond} calls/s for ${values.seconds} s (a <D>, an <H> and the measured <S> each): ` +
    `event to line p50 ${report.p50Ms.toFixed(1)} ms, p99 ${report.p99Ms.toFixed(1)} ms, max ${report.maxMs.toFixed(1)} ms (wanted: p99 under ${targetP99Ms} ms)`,
);
console.log(
  `readers that got every line: ${report.finished} of ${readerCount}; lines out of order: ${report.outOfOrder}; ` +
    `CPU ${(((cpu.user + cpu.system) / 1e6 / ((performance.now() - began) / 1_000)) * 100).toFixed(0)} % of a core`,
);
if (values.json) console.log(JSON.stringify({ readers: readerCount, callsPerSecond, targetP99Ms, ...report }));
child.send('stop');
stuck.destroy();
await app.stop();
await stage.close();
process.exitCode = report.finished === readerCount && report.outOfOrder === 0 && report.p99Ms < targetP99Ms ? 0 : 1;
