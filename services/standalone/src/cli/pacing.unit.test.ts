import { expect, it } from 'vitest';
import type { AdminClient } from './client.ts';
import { pacing, replay } from './pacing.ts';

const client = (answers: Readonly<Record<string, unknown>>, posted: unknown[] = []): AdminClient => ({
  get: <T>(path: string) => Promise.resolve((Array.isArray(answers[path]) ? (answers[path] as unknown[]).shift() : answers[path]) as T),
  post: <T>(path: string, body?: unknown) => {
    posted.push(path, body);
    return Promise.resolve({ replayId: 'r-1' } as T);
  },
  upload: () => Promise.reject(new Error('nothing is uploaded')),
});

it('ritmo pacing shows the decision of this moment with its inputs, and the samples before it', async () => {
  const inputs = { freeAgents: 3, inFlight: 7, abandonRatePct: 1.234, riskPct: 5 };
  const answer = { lastDecision: { start: 2, reason: 'agents will be free', inputs }, decisions: [{ at: 1_000, start: 1, reason: 'one line per free agent', inputs }] };
  const { text, data } = await pacing(client({ '/v1/campaigns/7/pacing': answer }), ['7']);
  expect(text).toContain('start 2 calls: agents will be free');
  expect(text).toMatch(/freeAgents +3/);
  expect(text).toMatch(/1 +3 +7 +1\.23 +5 +one line per free agent/);
  expect(data).toBe(answer);
  const silent = { lastDecision: null, decisions: [] };
  expect((await pacing(client({ '/v1/campaigns/7/pacing': silent }), ['7'])).text).toBe('campaign 7 has made no pacing decision yet');
});

it('ritmo replay waits for the result, and hands on why there is none', async () => {
  const posted: unknown[] = [];
  const running = { state: 'running', percent: 50 };
  const done = { state: 'done', percent: 100, recorded: {}, results: [], text: 'the table' };
  const answer = await replay(client({ '/v1/replays/r-1': [running, done] }, posted), ['7'], { json: false, policy: 'progressive', agents: '12' });
  expect(posted).toEqual(['/v1/campaigns/7/replay', { policy: 'progressive', agents: 12 }]);
  expect(answer).toEqual({ data: { recorded: {}, results: [] }, text: 'the table' });
  const failing = client({ '/v1/replays/r-1': { state: 'failed', percent: 0, reason: 'replay: 3 attempts are too few' } });
  await expect(replay(failing, [], { json: false, campaign: '7' })).rejects.toThrow('too few');
  await expect(replay(failing, ['7'], { json: false, agents: 'many' })).rejects.toThrow('--agents many');
});
