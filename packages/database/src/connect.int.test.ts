import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { connectDatabase } from './connect.ts';
import { DatabaseClosedError } from './errors.ts';
import { startTestDatabase, type TestDatabase } from './testing.ts';

let test: TestDatabase;

beforeAll(async () => {
  test = await startTestDatabase();
  await test.database.query('CREATE TABLE things (id bigint, name text, tags text[], data jsonb, at timestamptz, day timestamp)');
});
afterAll(() => test.close());

describe('a query', () => {
  it('answers int8 as number while it is safe and as bigint beyond', async () => {
    const { rows } = await test.database.query("SELECT 42::int8 AS small, 9007199254740993::int8 AS large, '{1,2}'::int8[] AS many");
    expect(rows).toEqual([{ small: 42, large: 9007199254740993n, many: [1, 2] }]);
  });

  it('answers timestamps without a zone as the text that the server wrote', async () => {
    const { rows } = await test.database.query("SELECT '2026-11-22 10:00:00'::timestamp AS at, '2026-11-22'::date AS day");
    expect(rows).toEqual([{ at: '2026-11-22 10:00:00', day: '2026-11-22' }]);
  });

  it('rejects with the server’s SQLSTATE and leaves the pool usable', async () => {
    await expect(test.database.query('SELECT nothing FROM nowhere')).rejects.toMatchObject({ code: '42P01' });
    expect((await test.database.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
  });
});

describe('a transaction', () => {
  it('keeps nothing when its work rejects', async () => {
    const failing = test.database.tx(async (session) => {
      await session.query("INSERT INTO things (id, name) VALUES (1, 'lost')");
      throw new Error('changed my mind');
    });
    await expect(failing).rejects.toThrow('changed my mind');
    expect((await test.database.query('SELECT * FROM things WHERE id = 1')).rowCount).toBe(0);
  });

  it('keeps everything when its work resolves, and answers what the work answered', async () => {
    const answer = await test.database.tx(async (session) => {
      await session.query("INSERT INTO things (id, name) VALUES (2, 'kept')");
      return 'done';
    });
    expect(answer).toBe('done');
    expect((await test.database.query('SELECT name FROM things WHERE id = 2')).rows).toEqual([{ name: 'kept' }]);
  });
});

describe('copyIn', () => {
  it('stores every kind of value as it was given, the hostile ones included', async () => {
    const at = new Date('2026-11-22T12:34:56.789Z');
    const rows = [
      [10, 'tab\there\nnewline \\ backslash \\N', ['a"b', 'c\\d', 'é'], { deep: ['x\ty'] }, at, null],
      [11n, null, [], null, null, '2026-11-22 10:00:00'],
    ];
    const count = await test.database.copyIn({ table: 'public.things', columns: ['id', 'name', 'tags', 'data', 'at', 'day'] }, rows);
    expect(count).toBe(2);
    const stored = await test.database.query('SELECT * FROM things WHERE id IN (10, 11) ORDER BY id');
    expect(stored.rows).toEqual([
      { id: 10, name: rows[0]?.[1], tags: ['a"b', 'c\\d', 'é'], data: { deep: ['x\ty'] }, at, day: null },
      { id: 11, name: null, tags: [], data: null, at: null, day: '2026-11-22 10:00:00' },
    ]);
  });

  it('stores nothing when one row is bad', async () => {
    const rows = [[20, 'good'], ['not a number', 'bad']];
    await expect(test.database.copyIn({ table: 'things', columns: ['id', 'name'] }, rows)).rejects.toMatchObject({ code: '22P02' });
    expect((await test.database.query('SELECT 1 FROM things WHERE id = 20')).rowCount).toBe(0);
  });
});

describe('listen', () => {
  it('hands over each payload in order', async () => {
    const heard: (string | undefined)[] = [];
    const listening = await test.database.listen('bell', (payload) => heard.push(payload));
    for (const text of ['one', 'two', 'three']) await test.database.query("SELECT pg_notify('bell', $1)", [text]);
    await vi.waitFor(() => expect(heard).toEqual([undefined, 'one', 'two', 'three']));
    await listening.stop();
  });

  it('comes back after its connection was cut and says that something may be missing', async () => {
    const heard: (string | undefined)[] = [];
    const listening = await test.database.listen('phoenix', (payload) => heard.push(payload));
    await test.database.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'test-listen'");
    await vi.waitFor(() => expect(heard).toEqual([undefined, undefined]), { timeout: 5_000 });
    await test.database.query("SELECT pg_notify('phoenix', 'again')");
    await vi.waitFor(() => expect(heard.at(-1)).toBe('again'));
    await listening.stop();
  });

  it('goes on after a handler that throws', async () => {
    const heard: (string | undefined)[] = [];
    const listening = await test.database.listen('rough', (payload) => {
      heard.push(payload);
      if (payload === 'bad') throw new Error('handler');
    });
    await test.database.query("SELECT pg_notify('rough', 'bad'), pg_notify('rough', 'good')");
    await vi.waitFor(() => expect(heard).toEqual([undefined, 'bad', 'good']));
    await listening.stop();
  });
});

describe('a closed database', () => {
  it('refuses work by name and closes twice without complaint', async () => {
    const database = connectDatabase({ url: test.url });
    await database.query('SELECT 1');
    await Promise.all([database.close(), database.close()]);
    await expect(database.query('SELECT 1')).rejects.toBeInstanceOf(DatabaseClosedError);
  });
});
