import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInProcessBus, type Bus, type BusSubscription, type Requests } from '@ritmo/bus';
import { startTestDatabase, type TestDatabase } from '@ritmo/database/testing';
import { asId, directorySchemas, fact, streams, type CampaignId, type DomainEvent } from '@ritmo/domain';
import { createMemoryEventStore, type EventStore } from '@ritmo/event-store';
import { createDirectoryReader, createJournal, type ServiceApp, type ServiceContext } from '@ritmo/service-kit';
import { waitFor } from '@ritmo/testing';
import { Value } from '@sinclair/typebox/value';
import pino from 'pino';
import { Registry } from 'prom-client';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { createMailingApp } from './app.ts';

const campaignId = asId<CampaignId>(1);
const by = { kind: 'admin' } as const;
type Import = Requests['dialer.contacts.import']['request'];

let bus: Bus;
let events: EventStore;
let context: ServiceContext;
let app: ServiceApp;
let folder: string;
let batches: Import[];
let database: TestDatabase;
let dialer: BusSubscription;

beforeAll(async () => {
  database = await startTestDatabase();
});
afterAll(() => database.close());

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ritmo-mailing-'));
  bus = createInProcessBus();
  events = createMemoryEventStore();
  await database.database.query('DROP SCHEMA IF EXISTS mailing CASCADE');
  await database.database.query(`DELETE FROM ritmo.migrations WHERE owner = 'mailing'`).catch(() => undefined);
  batches = [];
  const entry = <K extends keyof typeof directorySchemas>(kind: K, given: { id: number }) => ({ kind, id: given.id, entry: Value.Default(directorySchemas[kind], given) as Record<string, unknown> });
  bus.serve('directory.snapshot', () => ({
    position: '0',
    entries: [
      entry('settings', { id: 1 }), entry('campaign', { id: 1, name: 'c', queueId: 1 } as { id: number }), entry('queue', { id: 1, name: 'Suporte' } as { id: number }),
      entry('agent', { id: 5, name: 'Vicente', extension: '40000', password: 'secret' } as { id: number }),
      entry('disposition', { id: 50, name: 'Venda realizada' } as { id: number }), entry('disposition', { id: 7, name: 'Ocupado' } as { id: number }), entry('disposition', { id: 23, name: 'Notificado Operador' } as { id: number }),
    ],
  }));
  dialer = bus.serve('dialer.contacts.import', (request) => {
    batches.push(request);
    const rejected = request.contacts.flatMap((contact, index) => (contact.parameters[0] === 'refused' ? [{ index, place: contact.place ?? null, priority: 2, code: 'invalid-number' as const, reason: 'by the dialer' }] : []));
    return { ok: true, imported: request.contacts.length - rejected.length, contactIds: [], rejected };
  });
  const directory = createDirectoryReader({ bus });
  await directory.start();
  const log = pino({ level: 'silent' });
  context = {
    node: 'test', bus, events, journal: createJournal({ bus, events, log }), database: database.database, directory, log, metrics: new Registry(),
    health: { register: () => undefined, parts: () => Promise.resolve([]) }, clock: { nowMs: () => Date.now() }, dataDir: folder,
  };
  app = createMailingApp(context);
  await app.start();
});

afterEach(async () => {
  await app.stop();
  await bus.close();
  await events.close();
  await rm(folder, { recursive: true });
});

const send = (content: string | Buffer, name = 'list.txt', campaign = campaignId) =>
  bus.request('mailing.import', { campaignId: campaign, name, contentBase64: Buffer.from(content).toString('base64'), by });

it('imports the shipped list whole', async () => {
  const path = new URL('../examples/clientes-500.txt', import.meta.url).pathname;
  expect(await bus.request('mailing.import', { campaignId, name: 'clientes-500.txt', path, by })).toEqual({
    ok: true, importId: 1, state: 'done', repeated: false, lines: 500, imported: 500, rejected: [],
  });
  const contacts = batches.flatMap((batch) => batch.contacts);
  const numbers = contacts.flatMap(({ phones }) => phones.map(({ areaCode, number }) => areaCode + number));
  expect(new Set(numbers).size).toBe(numbers.length);
  expect(contacts.every(({ phones }) => phones.length >= 2)).toBe(true);
});

it('reports bad lines with number, column and reason, and they cost only themselves', async () => {
  const reply = await send('a;b;11;33553434;\n\nbad;line;\nrefused;x;11;33553434\njoão;é;11;33553435\n', 'list.csv');
  expect(reply).toMatchObject({
    ok: true, lines: 4, imported: 2,
    rejected: [{ line: 3, column: 'Telefone 1', reason: 'no telephone number' }, { line: 4, column: 'Telefone 2', reason: 'by the dialer' }],
  });
  expect(batches[0]?.contacts.at(-1)).toMatchObject({ parameters: ['joão', 'é'], place: 5 });
});

it('imports a Latin-1 .csv with its accents kept, Windows line ends and empty fields', async () => {
  const reply = await send(Buffer.from('José da Conceição;Gerência;11;33553434;;;;;;;;;;;;;\r\nÂngela;;;33553435;\r\n', 'latin1'), 'LISTA.CSV');
  expect(reply).toMatchObject({ ok: true, lines: 2, imported: 2, rejected: [] });
  expect(batches.flatMap(({ contacts }) => contacts)).toMatchObject([
    { parameters: ['José da Conceição', 'Gerência'], phones: [{ areaCode: '11', number: '33553434', priority: 1, dialAt: null }], place: 1 },
    { parameters: ['Ângela', ''], phones: [{ areaCode: '', number: '33553435', priority: 1 }], place: 2 },
  ]);
});

it('imports a long list in batches', async () => {
  const file = join(folder, 'long.txt');
  await writeFile(file, Array.from({ length: 2_300 }, (_, index) => `c${index};n;11;9${10_000_000 + index}`).join('\n'));
  expect(await bus.request('mailing.import', { campaignId, name: 'long.txt', path: file, by })).toMatchObject({ imported: 2_300 });
  expect(batches.map((batch) => batch.contacts.length)).toEqual([500, 500, 500, 500, 300]);
});

it('makes shorter batches of long lines, so that a broker takes each', async () => {
  const file = join(folder, 'wide.txt');
  await writeFile(file, Array.from({ length: 300 }, (_, index) => `c${index};${'n'.repeat(10_000)};11;9${10_000_000 + index}`).join('\n'));
  expect(await bus.request('mailing.import', { campaignId, name: 'wide.txt', path: file, by })).toMatchObject({ imported: 300 });
  expect(batches.map((batch) => batch.contacts.length)).toEqual([100, 100, 100]);
});

it('refuses what it cannot read', async () => {
  expect(await send('a;b;11;33553434', 'list.pdf')).toMatchObject({ code: 'unknown-format' });
  expect(await send(Buffer.from('a;b;11;33553434', 'utf16le').subarray(0), 'list.txt')).toMatchObject({ ok: true, imported: 0 });
  expect(await send(Buffer.from([0xff, 0xfe, 65, 0]))).toMatchObject({ code: 'unknown-format' });
  expect(await send('a;b;11;33553434', 'list.txt', asId<CampaignId>(2))).toMatchObject({ code: 'unknown-campaign' });
  expect(await bus.request('mailing.import', { campaignId, name: 'x.txt', path: join(folder, 'none.txt'), by })).toMatchObject({ code: 'no-file' });
});

const longList = (count: number): string => Array.from({ length: count }, (_, index) => `c${index};n;11;9${10_000_000 + index}`).join('\n');
const progress = async (importId = 1) => (await bus.request('mailing.imports', { importId })).imports[0];

it('takes the same file under the same name once, unless it is told to take it again', async () => {
  const first = await send('a;b;11;33553434\nbad;line;');
  const repeated = await send('a;b;11;33553434\nbad;line;');
  expect(repeated).toEqual({ ...first, repeated: true });
  expect(batches).toHaveLength(1);
  expect(await send('a;b;11;33553434\nbad;line;', 'another.txt')).toMatchObject({ importId: 2, repeated: false });
  const again = { campaignId, name: 'list.txt', contentBase64: Buffer.from('a;b;11;33553434\nbad;line;').toString('base64'), again: true, by };
  expect(await bus.request('mailing.import', again)).toMatchObject({ importId: 3, repeated: false, imported: 1 });
  expect(await readdir(join(folder, 'imports'))).toEqual([]);
});

it('goes on where it was stopped, with the same batches, and tells how far it is', async () => {
  const answers: (() => void)[] = [];
  dialer.stop();
  const slow = bus.serve('dialer.contacts.import', async (request) => {
    if (request.batch?.number === 1) await new Promise<void>((resolve) => answers.push(resolve));
    batches.push(request);
    return { ok: true, imported: request.contacts.length, contactIds: [], rejected: [] };
  });
  const begun = await bus.request('mailing.import', { campaignId, name: 'list.txt', contentBase64: Buffer.from(longList(2_300)).toString('base64'), wait: false, by });
  expect(begun).toMatchObject({ ok: true, importId: 1, state: 'running' });
  await waitFor(async () => answers.length === 1 && (await progress())?.imported === 500);
  expect(await progress()).toMatchObject({ state: 'running', lines: 500, percent: 21 });
  expect(await progress(2)).toBeUndefined();
  // The second batch is with the dialer when the process goes.
  const stopped = app.stop();
  answers[0]?.();
  await stopped;
  slow.stop();
  const known = batches.map(({ batch }) => batch);
  expect((await database.database.query('SELECT state FROM mailing.imports')).rows).toEqual([{ state: 'running' }]);

  bus.serve('dialer.contacts.import', (request) => {
    batches.push(request);
    return { ok: true, imported: request.contacts.length, contactIds: [], rejected: [] };
  });
  app = createMailingApp(context);
  await app.start();
  await waitFor(async () => (await progress())?.state === 'done');
  expect(await progress()).toMatchObject({ lines: 2_300, imported: 2_300, percent: 100, resumed: 1 });
  expect(known.length).toBeGreaterThan(0);
  const contents = new Map<number, string>();
  for (const { batch, contacts } of batches) {
    const number = batch?.number ?? -1;
    const content = JSON.stringify(contacts);
    expect(contents.get(number) ?? content).toBe(content);
    contents.set(number, content);
  }
  expect([...contents.values()].flatMap((content) => JSON.parse(content) as unknown[])).toHaveLength(2_300);
});

it('sends a batch again whose answer was lost', async () => {
  let lost = 0;
  dialer.stop();
  bus.serve('dialer.contacts.import', (request) => {
    batches.push(request);
    if (lost === 0) {
      lost += 1;
      throw new Error('gone');
    }
    return { ok: true, imported: request.contacts.length, contactIds: [], rejected: [] };
  });
  expect(await send(longList(600))).toMatchObject({ imported: 600 });
  expect(batches.filter(({ batch }) => batch?.number === 0)).toHaveLength(2);
});

it('exports results as the manual shows them, one campaign only', async () => {
  const contact = { contactId: asId<never>(1), campaignId };
  const at = Date.parse('2026-10-25T16:26:42.753Z');
  const phone = { phoneId: asId<never>(1), priority: 1, areaCode: '11', number: '99474351', dialNow: false, dialAt: null };
  const ended = { callId: '1.1' as never, phoneId: phone.phoneId, sipCode: null, q850: null, ringMs: 0, billMs: 0, next: { kind: 'finished' } } as const;
  const append = (id: number, facts: readonly DomainEvent[]) =>
    events.append({ streamId: streams.contact(asId(id)), expectedVersion: 'none', events: facts.map((f) => ({ type: f.type, at: f.at, data: f.data as unknown as Record<string, unknown> })) });
  await append(1, [
    fact('ContactImported', at, { ...contact, parameters: ['Total IP', 'Tecnologia'], phones: [phone], source: 'x', by }),
    fact('AttemptEnded', at, { ...contact, ...ended, outcome: 'busy', dispositionId: asId(7), agentId: null }),
    fact('AgentCallbackDue', at + 500, { ...contact, phoneId: phone.phoneId, agentId: asId(5), at: at + 500 }),
    fact('DispositionSet', at + 1_000, { ...contact, phoneId: phone.phoneId, callId: null, dispositionId: asId(50), agentId: asId(5), extension: null, by, effect: 'none' }),
  ]);
  const foreign = { contactId: asId<never>(2), campaignId: asId<never>(2) };
  await append(2, [
    fact('ContactImported', at, { ...foreign, parameters: ['other'], phones: [phone], source: 'x', by }),
    fact('AttemptEnded', at, { ...foreign, ...ended, outcome: 'busy', dispositionId: asId(7), agentId: null }),
  ]);
  const reply = await bus.request('mailing.export', { campaignId });
  expect(reply).toMatchObject({ ok: true, lines: 3 });
  expect(await bus.request('mailing.export', { campaignId: asId(9) })).toMatchObject({ code: 'unknown-campaign' });
  expect(await readFile(reply.ok ? reply.path : '', 'utf8')).toBe(
    'Total IP;Tecnologia;2026-10-25 13:26:42.753;99474351;Ocupado;;Suporte\r\nTotal IP;Tecnologia;2026-10-25 13:26:43.253;99474351;Notificado Operador;Vicente;Suporte\r\nTotal IP;Tecnologia;2026-10-25 13:26:43.753;99474351;Venda realizada;Vicente;Suporte\r\n',
  );
});
