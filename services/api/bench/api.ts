/**
 * status_ramal against a bare fastify route that returns the same text, turn and turn about in one run, the load in a process
 * of its own: `npm run bench:api`. Usage: --seconds 2 --rounds 6 --connections 32 --agents 200 --json
 */
import { fork } from 'node:child_process';
import { createStage } from '@ritmo/contract/testing';
import { asExtension, asId, type AgentId, type UserStatusId } from '@ritmo/domain';
import { benchFlags } from '@ritmo/testing';
import Fastify from 'fastify';
import pino from 'pino';
import { createApiApp } from '../src/app.ts';

const values = benchFlags('status_ramal against a bare fastify route that returns the same text, turn and turn about in one run.', {
  seconds: [2, 'seconds of each turn'],
  rounds: [6, 'turns of each'],
  connections: [32, 'keep-alive connections that ask'],
  agents: [200, 'agents that are asked for'],
});
const { seconds, connections } = values;
const target = 0.6;

interface Measured {
  readonly perSecond: number;
  readonly p99Ms: number;
  /** Of this process for one answer: what other work on the machine hardly changes. */
  readonly cpuUs: number;
}

function load(port: number, path: string, forSeconds: number): Promise<Measured> {
  return new Promise((resolve, reject) => {
    const task = JSON.stringify({ port, path, connections, seconds: forSeconds });
    const child = fork(new URL('./load.ts', import.meta.url), [task], { execArgv: ['--import', 'tsx'] });
    const before = process.cpuUsage();
    child.on('message', (message) => {
      const { user, system } = process.cpuUsage(before);
      const measured = message as Omit<Measured, 'cpuUs'> & { readonly answered: number };
      resolve({ ...measured, cpuUs: (user + system) / measured.answered });
    });
    child.on('error', reject);
  });
}

const log = pino({ level: 'info' }, pino.destination({ dest: '/dev/null', sync: false }));
const stage = await createStage({ log });
stage.put('settings', { id: 1, apiKey: 'db39eded0adfd54d1ce03d23dc333787' });
stage.put('user-status', { id: 1, name: 'Logado' });
for (let id = 1; id <= values.agents; id += 1) {
  stage.put('agent', { id, name: `Agente ${id}`, extension: String(40_000 + id), password: '1234' });
}
const app = createApiApp(stage.context, { port: 0, adminKey: 'unused-key' });
await app.start();
const state = { name: '', statusId: asId<UserStatusId>(1), phoneStatus: 0, registered: true, state: 'free', sinceAt: 0, queueIds: [], callId: null, campaignId: null } as const;
for (let id = 1; id <= values.agents; id += 1) stage.bus.publish('signal.agent-state', { ...state, agentId: asId<AgentId>(id), extension: asExtension(String(40_000 + id)) });

const path = '/api/status_ramal?ramal=40007&chave=db39eded0adfd54d1ce03d23dc333787';
const text = await (await fetch(`http://127.0.0.1:${app.port()}${path}`)).text();
if (text !== 'Agente 7;40007;Livre;Logado;1') throw new Error(`status_ramal answers ${text}`);

const bare = Fastify({ logger: false });
bare.get('/api/status_ramal', (_request, reply) => void reply.type('text/plain; charset=utf-8').send(text));
await bare.listen({ host: '127.0.0.1', port: 0 });
const barePort = (bare.server.address() as { port: number }).port;

await load(app.port(), path, 1);
await load(barePort, path, 1);
const rounds: { readonly ours: Measured; readonly bare: Measured }[] = [];
for (let round = 1; round <= values.rounds; round += 1) {
  const theirs = await load(barePort, path, seconds);
  const ours = await load(app.port(), path, seconds);
  rounds.push({ ours, bare: theirs });
  const share = ((100 * ours.perSecond) / theirs.perSecond).toFixed(0);
  console.log(
    `round ${round}: status_ramal ${ours.perSecond.toFixed(0)}/s (p99 ${ours.p99Ms.toFixed(1)} ms, ${ours.cpuUs.toFixed(0)} us of CPU each), ` +
      `bare fastify ${theirs.perSecond.toFixed(0)}/s (p99 ${theirs.p99Ms.toFixed(1)} ms, ${theirs.cpuUs.toFixed(0)} us): ${share} %`,
  );
}
const sum = (pick: (round: (typeof rounds)[number]) => number): number => rounds.reduce((total, round) => total + pick(round), 0);
const cpuRatio = sum(({ bare: theirs }) => theirs.cpuUs) / sum(({ ours }) => ours.cpuUs);
const ratio = sum(({ ours }) => ours.perSecond) / sum(({ bare: theirs }) => theirs.perSecond);
console.log(`status_ramal, with key, allow-list and request log, runs at ${(100 * ratio).toFixed(0)} % of a bare fastify route (wanted: ${100 * target} %); by CPU for each answer ${(100 * cpuRatio).toFixed(0)} %`);
if (values.json) console.log(JSON.stringify({ ok: ratio >= target, target, ratio, cpuRatio, rounds }));
await app.stop();
await bare.close();
await stage.close();
process.exitCode = ratio >= target ? 0 : 1;
