import { migrate } from '@ritmo/database';
import { startTestDatabase, type TestDatabase } from '@ritmo/database/testing';
import { asCallId, asId, type TrunkId } from '@ritmo/domain';
import fc from 'fast-check';
import pino from 'pino';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { OpenCall } from './open-call.ts';
import { createOpenCalls, type OpenCalls } from './open-calls.ts';

let db: TestDatabase;
let open: OpenCalls;
const trunkId = asId<TrunkId>(1);

beforeEach(async () => {
  db = await startTestDatabase({ prepare: { key: 'telephony', run: async (database) => void (await migrate(database, { owner: 'telephony', folder: new URL('../sql', import.meta.url) })) } });
  open = createOpenCalls({ database: db.database, node: 'here', log: pino({ level: 'silent' }), pendingFacts: () => 0 });
});
afterEach(async () => {
  await open.close();
  await db.close();
});

const callOf = (id: string, answeredAt: number | null = null, to = '1144440000'): OpenCall => ({
  identity: {
    callId: asCallId(id), direction: 'campaign', campaignId: null, contactId: null, phoneId: null, queueId: null, trunkId, routeId: null, extension: null, from: '1', to,
  },
  placedAt: 1, ringMs: 2, answeredAt, dialog: null, agentDialog: null,
});
const stored = async (): Promise<Record<string, { answeredAt: number | null; over: boolean }>> =>
  Object.fromEntries((await open.ofTrunk(trunkId)).map(({ identity, answeredAt, over }) => [identity.callId, { answeredAt, over }]));

test('a call that begins, is answered and ends in one turn is stored with all three', async () => {
  const begun = open.begin(callOf('a'));
  const changed = open.update(callOf('a', 7));
  expect(await begun).toBe(true);
  await changed;
  expect(await stored()).toEqual({ a: { answeredAt: 7, over: false } });
  const second = open.begin(callOf('b'));
  open.end(asCallId('b'));
  expect(await second).toBe(true);
  await expect.poll(stored).toEqual({ a: { answeredAt: 7, over: false }, b: { answeredAt: null, over: true } });
});

test('a call id begins once, whoever asks and when', async () => {
  expect(await Promise.all([open.begin(callOf('a')), open.begin(callOf('a')), open.begin(callOf('b'))])).toEqual([true, false, true]);
  expect(await open.begin(callOf('a'))).toBe(false);
});

test('a change that PostgreSQL refuses costs its own call only', async () => {
  await Promise.all(['a', 'b'].map((id) => open.begin(callOf(id))));
  const others = [open.update(callOf('a', 7)), open.begin(callOf('c')), open.begin(callOf('d', null, '11\u0000'))];
  const bad = open.update(callOf('b', 7, '11\u0000'));
  const [, c, d] = await Promise.allSettled(others);
  await bad;
  expect([c?.status, d?.status]).toEqual(['fulfilled', 'rejected']);
  expect(await stored()).toEqual({ a: { answeredAt: 7, over: false }, b: { answeredAt: null, over: false }, c: { answeredAt: null, over: false } });
});

test('what is told as written is the last state told, in any order of notes', async () => {
  const step = fc.record({ call: fc.constantFrom('p', 'q', 'r'), what: fc.constantFrom('change', 'end', 'wait'), value: fc.integer({ min: 1, max: 1_000_000 }) });
  let round = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
      round += 1;
      const expected: Record<string, { answeredAt: number | null; over: boolean }> = {};
      const written: Promise<unknown>[] = [];
      for (const { call, what, value } of steps) {
        const id = `${round}-${call}`;
        const row = (expected[id] ??= (written.push(open.begin(callOf(id))), { answeredAt: null, over: false }));
        if (what === 'wait') await Promise.all(written);
        else if (what === 'end') {
          open.end(asCallId(id));
          row.over = true;
        } else {
          written.push(open.update(callOf(id, value)));
          if (!row.over) row.answeredAt = value;
        }
      }
      await Promise.all(written);
      await expect.poll(async () => Object.entries(await stored()).filter(([id]) => id.startsWith(`${round}-`)).map(([id, { over }]) => [id, over]).sort()).toEqual(
        Object.entries(expected).map(([id, { over }]) => [id, over]).sort(),
      );
      for (const [id, row] of Object.entries(await stored())) if (expected[id] && !expected[id].over) expect(row).toEqual(expected[id]);
    }),
    { numRuns: 25 },
  );
});

test('rows of ended calls go when the process ends', async () => {
  await Promise.all([open.begin(callOf('a')), open.begin(callOf('b'))]);
  open.end(asCallId('a'));
  await open.close();
  expect(await stored()).toEqual({ b: { answeredAt: null, over: false } });
});
