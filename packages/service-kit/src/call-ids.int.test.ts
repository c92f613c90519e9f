import { startTestDatabase } from '@ritmo/database/testing';
import { expect, test } from 'vitest';
import { createCallIdAllocator } from './call-ids.ts';

test('ids of two allocators on one database never meet, across blocks and starts', async () => {
  const db = await startTestDatabase();
  const clock = { nowMs: () => 1_272_916_393_500 };
  const [a, b] = [createCallIdAllocator({ database: db.database, clock }), createCallIdAllocator({ database: db.database, clock })];
  const taken = await Promise.all([a.take(2_500), b.take(2_500), a.take(10), b.next(), a.next()]);
  const later = await createCallIdAllocator({ database: db.database, clock }).take(20);
  const ids = [...taken.flat(), ...later];
  expect(new Set(ids).size).toBe(5_032);
  for (const id of ids) expect(id).toMatch(/^1272916393\.\d+$/);
  await db.close();
});
