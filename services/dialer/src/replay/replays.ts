/** Replays asked for, one at a time: read from the event store, run in a thread, kept for whoever comes for the result. */
import { Worker } from 'node:worker_threads';
import type { ReplayStatus, Requests } from '@ritmo/bus';
import { asId, type QueueId } from '@ritmo/domain';
import { policyByName, UnknownPolicyError } from '@ritmo/pacing';
import type { DialerParts } from '../parts.ts';
import { trunkIdsOf } from '../observation.ts';
import { readRecording, type RecordingQuery } from './recording.ts';
import type { ReplayNews, ReplayOrder } from './worker.ts';

type Start = Requests['dialer.replay.start'];

export interface Replays {
  start(request: Start['request']): Start['reply'];
  /** undefined: not this process's. */
  status(replayId: string): ReplayStatus | undefined;
  stop(): Promise<void>;
}

const kept = 20;

export function createReplays(parts: DialerParts): Replays {
  const { context } = parts;
  const replays = new Map<string, ReplayStatus>();
  let worker: Worker | null = null;
  let stopped = false;
  let number = 0;

  const tell = (replayId: string, news: Partial<ReplayStatus>): void => {
    const before = replays.get(replayId);
    if (before) replays.set(replayId, { ...before, ...news });
  };
  const inThread = (order: ReplayOrder, onPercent: (percent: number) => void): Promise<Exclude<ReplayNews, { percent: number }>> =>
    new Promise((resolve, reject) => {
      worker = new Worker(new URL('./worker.mjs', import.meta.url), { execArgv: [] });
      worker.on('message', (news: ReplayNews) => ('percent' in news ? onPercent(news.percent) : resolve(news)));
      worker.on('error', reject);
      worker.on('exit', () => reject(new Error('the replay was stopped')));
      worker.postMessage(order);
    });
  const run = async (replayId: string, request: Start['request']): Promise<void> => {
    try {
      const recording = await readRecording(context.events, queryOf(parts, request), (percent) => tell(replayId, { percent }));
      tell(replayId, { state: 'running', percent: 0 });
      if (stopped) return;
      const { policies, agents, seeds } = request;
      const news = await inThread({ recording, policies, agents, seeds }, (percent) => tell(replayId, { percent }));
      if ('failed' in news) tell(replayId, { state: 'failed', reason: news.failed });
      else tell(replayId, { ...news, state: 'done', percent: 100 });
    } catch (error) {
      context.log.error({ err: error, replayId }, 'a replay failed');
      tell(replayId, { state: 'failed', reason: error instanceof Error ? error.message : String(error) });
    } finally {
      await worker?.terminate();
      worker = null;
    }
  };

  return {
    start(request) {
      const { campaignId } = request;
      if (!context.directory.get('campaign', campaignId)) return { ok: false, code: 'unknown-campaign' };
      const unknown = unknownPolicy(request.policies);
      if (unknown !== null) return { ok: false, code: 'unknown-policy', detail: unknown };
      const busy = [...replays.values()].some(({ state }) => state === 'reading' || state === 'running');
      if (busy) return { ok: false, code: 'busy', detail: 'another replay is running' };
      number += 1;
      const replayId = `${context.node}-${Math.floor(context.clock.nowMs() / 1_000)}-${number}`;
      replays.set(replayId, { replayId, campaignId, state: 'reading', percent: 0, reason: null, recorded: null, results: [], text: '' });
      const [oldest] = replays.keys();
      if (replays.size > kept && oldest !== undefined) replays.delete(oldest);
      void run(replayId, request);
      return { ok: true, replayId };
    },
    status: (replayId) => replays.get(replayId),
    async stop() {
      stopped = true;
      await worker?.terminate();
    },
  };
}

function unknownPolicy(names: readonly string[]): string | null {
  for (const name of names) {
    try {
      policyByName(name, { cap: 0.03, agentPart: 1, endMs: 1, abandon: {} });
    } catch (error) {
      if (error instanceof UnknownPolicyError) return error.message;
      throw error;
    }
  }
  return null;
}

const loggedOut = 2;

function queryOf(parts: DialerParts, { campaignId }: Start['request']): RecordingQuery {
  const { directory } = parts.context;
  const campaign = directory.get('campaign', campaignId);
  const members = directory.get('queue', asId<QueueId>(campaign?.queueId ?? 0))?.members ?? [];
  const trunks = [...trunkIdsOf(parts, campaignId)].flatMap((trunkId) => directory.get('trunk', trunkId) ?? []);
  const total = (of: (trunk: (typeof trunks)[number]) => number): number | null => (trunks.length === 0 ? null : trunks.reduce((sum, trunk) => sum + of(trunk), 0));
  return {
    name: campaign?.name ?? `campaign ${campaignId}`,
    campaignId,
    capPct: campaign?.abandonCapPct ?? 3,
    graceMs: campaign?.graceMs ?? 2_000,
    graceClock: campaign?.graceClock ?? 'answer',
    channels: total((trunk) => trunk.channels),
    cps: total((trunk) => trunk.callsPerSecond),
    serves: (agentId) => members.some((member) => member.agentId === agentId),
    works: (statusId) => statusId !== loggedOut && directory.get('user-status', statusId)?.pause !== true,
  };
}
