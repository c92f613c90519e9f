import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { connectDatabase } from './connect.ts';
import { MigrationChangedError, MigrationFailedError } from './errors.ts';
import { migrate } from './migrations.ts';
import { startTestDatabase, type TestDatabase } from './testing.ts';

let test: TestDatabase;
let folder: string;
const write = (name: string, text: string): Promise<void> => writeFile(join(folder, name), text);

beforeEach(async () => {
  test = await startTestDatabase();
  folder = await mkdtemp(join(tmpdir(), 'ritmo-migrations-'));
});
afterEach(async () => {
  await test.close();
  await rm(folder, { recursive: true });
});

it('applies files in the order of their names, once', async () => {
  await write('020_row.sql', "INSERT INTO a VALUES ('x');");
  await write('010_table.sql', 'CREATE TABLE a (name text);');
  expect((await migrate(test.database, { owner: 'x', folder })).applied).toEqual(['010_table.sql', '020_row.sql']);
  expect((await migrate(test.database, { owner: 'x', folder })).applied).toEqual([]);
  expect((await test.database.query('SELECT * FROM a')).rowCount).toBe(1);
});

it('keeps nothing of a run in which a file fails, and names the file', async () => {
  await write('010_table.sql', 'CREATE TABLE b (name text);');
  await write('020_bad.sql', 'CREATE TABEL c ();');
  await expect(migrate(test.database, { owner: 'x', folder })).rejects.toMatchObject({
    name: MigrationFailedError.name,
    file: '020_bad.sql',
  });
  expect((await test.database.query("SELECT to_regclass('b') AS b")).rows).toEqual([{ b: null }]);
});

it('refuses a file that was changed after it had been applied', async () => {
  await write('010_table.sql', 'CREATE TABLE d (name text);');
  await migrate(test.database, { owner: 'x', folder });
  await write('010_table.sql', 'CREATE TABLE d (name text, more text);');
  await expect(migrate(test.database, { owner: 'x', folder })).rejects.toBeInstanceOf(MigrationChangedError);
});

it('applies a repeatable file again when its text or a variable changes', async () => {
  await write('010_view.sql', "-- repeatable\nCREATE OR REPLACE VIEW v AS SELECT ':word:'::text AS word;");
  const run = (word: string) => migrate(test.database, { owner: 'x', folder, variables: { word } });
  expect((await run('one')).applied).toHaveLength(1);
  expect((await run('one')).applied).toHaveLength(0);
  expect((await run('two')).applied).toHaveLength(1);
  expect((await test.database.query('SELECT word FROM v')).rows).toEqual([{ word: 'two' }]);
});

it('lets two processes start at once', async () => {
  await write('010_table.sql', 'CREATE TABLE e (name text);');
  const other = connectDatabase({ url: test.url });
  const results = await Promise.all([migrate(test.database, { owner: 'x', folder }), migrate(other, { owner: 'x', folder })]);
  await other.close();
  expect(results.map((result) => result.applied.length).sort()).toEqual([0, 1]);
});
