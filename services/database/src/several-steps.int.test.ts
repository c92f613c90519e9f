/** Commands in several steps, and rows that can never be carried out. */
import { createStage, eventually, type Stage } from '@ritmo/contract/testing';
import { startTestDatabase, type TestDatabase } from '@ritmo/database/testing';
import { asId, fact, streams, type BlockListId, type DomainEvent } from '@ritmo/domain';
import type { ServiceApp } from '@ritmo/service-kit';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { createDatabaseApp } from './app.ts';

let db: TestDatabase;
let stage: Stage;
let app: ServiceApp;
const role = `integracao_s${process.pid}`;

const start = async (context = stage.context): Promise<void> => {
  app = createDatabaseApp(context, { integrationPassword: 'segredo', role, settleMs: 0 });
  await app.start();
};

beforeAll(async () => {
  db = await startTestDatabase();
});
beforeEach(async () => {
  stage = await createStage({ database: db.database });
  stage.put('settings', { id: 1 });
  await start();
  await app.stop();
});
afterEach(async () => {
  await app.stop();
  await stage.close();
});
afterAll(async () => {
  await db.database.query(`DROP OWNED BY ${role}`);
  await db.database.query(`DROP ROLE ${role}`);
  await db.close();
});

/** Inserts a row as it is after a process died that had begun to carry it out; answers its number. */
async function begunByTheDead(insert: string): Promise<number> {
  const { rows } = await db.database.query<{ id: number }>(`${insert} RETURNING id`);
  await db.database.query("UPDATE database.pending SET attempts = 1, claimed_by = 2000000000, claimed_at = now() - interval '1 minute'");
  return rows[0]?.id ?? 0;
}
const store = (streamId: string, { type, data, at }: DomainEvent): Promise<unknown> =>
  stage.context.events.append({ streamId, expectedVersion: 'any', events: [{ type, data: data as unknown as Record<string, unknown>, at }] });
const settled = (): Promise<unknown> => eventually(async () => (await db.database.query('SELECT 1 FROM database.pending')).rowCount === 0);

test('a user that was made just before a crash gets the queues of its model after it', async () => {
  stage.put('agent', { id: 1, name: 'Modelo', extension: '88888', password: '1234' });
  stage.put('queue', { id: 1, name: 'Vendas', members: [{ agentId: 1, priority: 3, skill: 2 }] });
  const id = await begunByTheDead("INSERT INTO gerenciar_usuarios (ramal_padrao, ramal, nome, acao) VALUES ('88888', '66666', 'Novo', 1)");
  const made = { id: 2, name: 'Novo', extension: '66666', password: '12345678' };
  stage.put('agent', made);
  await store(streams.directory('agent', 2), fact('DirectoryEntryPut', 0, { kind: 'agent', id: 2, entry: made, by: { kind: 'sql', id: `gerenciar_usuarios#${id}` } }));
  await start();
  await settled();
  expect(stage.context.directory.get('queue', 1)?.members).toEqual([{ agentId: 1, priority: 3, skill: 2 }, { agentId: 2, priority: 3, skill: 2 }]);
  expect(stage.context.directory.all('agent').filter(({ extension }) => extension === '66666')).toHaveLength(1);
  const { rows } = await db.database.query('SELECT mensagem, executado FROM gerenciar_usuarios');
  expect(rows).toEqual([{ mensagem: "Usuário '66666' criado com sucesso", executado: true }]);
});

test('a number that left one list just before a crash leaves the others after it', async () => {
  const id = await begunByTheDead("INSERT INTO remover_telefone_black_list (telefone) VALUES ('33553434')");
  const blockListId = asId<BlockListId>(1);
  await store(streams.blockList(blockListId), fact('NumberUnblocked', 0, { blockListId, number: '33553434', by: { kind: 'sql', id: `remover_telefone_black_list#${id}` } }));
  // Of the lists that it was in none is left by now.
  stage.answer('dialer.blocklist.remove', { ok: true, removed: 0 });
  await start();
  await settled();
  expect(stage.asked.filter(({ subject }) => subject === 'dialer.blocklist.remove')).toMatchObject([{ request: { blockListId: null, number: '33553434' } }]);
  expect((await db.database.query('SELECT mensagem FROM remover_telefone_black_list')).rows).toEqual([{ mensagem: 'Telefone removido' }]);
});

test('a row that not even a request can be made of is given up, and the one behind it is carried out', async () => {
  await db.database.query("INSERT INTO set_status_ramal (ramal, id_status) VALUES ('40018', 52)");
  await db.database.query('UPDATE database.pending SET attempts = 4');
  await db.database.query("INSERT INTO set_status_ramal (ramal, id_status) VALUES ('40019', 52)");
  stage.answer('acd.agent.set-status', { ok: true });
  const { bus } = stage.context;
  // As a broker's client does with a message that is too large for it.
  const narrow: typeof bus = {
    ...bus,
    request: (subject, message, how) => (JSON.stringify(message).includes('40018') ? Promise.reject(new Error('maximum payload size exceeded')) : bus.request(subject, message, how)),
  };
  await start({ ...stage.context, bus: narrow });
  await settled();
  expect(stage.asked.filter(({ subject }) => subject === 'acd.agent.set-status').map(({ request }) => request)).toMatchObject([{ extension: '40019' }]);
  expect((await db.database.query('SELECT ramal, message FROM set_status_ramal')).rows).toEqual([{ ramal: '40018', message: 'ERRO INTERNO' }]);
});
