import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { EventStoreClosedError, EventStoreUnavailableError } from '../errors.ts';
import { batchArguments, settleBatch, takeBatch, type Batch, type BatchOutcome, type PendingAppend } from './batch.ts';

/** More gains little and makes those who come meanwhile wait longer: a bulk batch takes some 25 ms. */
const MAX_EVENTS_PER_BATCH = { urgent: 512, bulk: 1_024 };
/**
 * Batches of a few events begin no closer than this: each costs two context switches and a commit, whatever it carries, and at some hundred calls
 * a second that is more than the facts themselves. An append that comes alone does not wait.
 */
const BATCH_SPACING_MS = 4;
/** The same while many append at a time: who writes one after the other, and waits for each, is not held up by it. */
const CROWDED_SPACING_MS = 10;
/** So many appends in a batch are many. */
const CROWD = 8;
/** So many appends are a batch worth sending at once. */
const WORTH_SENDING = 64;
/** Appends that may wait. A caller beyond it is told at once that the store does not keep up. */
const MAX_QUEUED_APPENDS = 200_000;
const RETRY_FIRST_MS = 20;
const RETRY_MAX_MS = 1_000;

export interface WriterOptions {
  readonly url: string;
  /** How long appends wait for a database that cannot be reached before they are refused. Default 30,000. */
  readonly patienceMs: number;
  readonly log: (message: string) => void;
  /** Called after each batch that is durable. */
  readonly onAppended: () => void;
}

export interface Writer {
  /** `bulk` appends wait for the others: an import does not delay a call. */
  add(pending: PendingAppend, lane: 'urgent' | 'bulk'): void;
  close(): Promise<void>;
}

const isRefusal = (error: unknown): error is pg.DatabaseError =>
  // Classes 08 and 57P: the connection or the server went away. Everything else is an answer about what was sent.
  error instanceof pg.DatabaseError && !/^(08|57P|53)/.test(error.code ?? '08');

/** One connection, one batch at a time; what is appended meanwhile is the next batch. The commit's fsync is shared by all. */
export function createWriter(options: WriterOptions): Writer {
  const writerId = randomUUID();
  const urgent: PendingAppend[] = [];
  const bulk: PendingAppend[] = [];
  let batchNumber = 0;
  let client: pg.Client | undefined;
  let running: Promise<void> | undefined;
  let closed = false;
  let turn = 0;
  let lastBatchAt = -Infinity;
  let spacingMs = BATCH_SPACING_MS;
  /** Ends the wait for more; undefined while nobody waits. */
  let sendNow: (() => void) | undefined;

  async function connection(): Promise<pg.Client> {
    if (client !== undefined) return client;
    const fresh = new pg.Client({
      connectionString: options.url,
      application_name: 'ritmo-events-writer',
      keepAlive: true,
      connectionTimeoutMillis: 5_000,
    });
    fresh.on('error', (error) => options.log(`events writer: ${error.message}`));
    fresh.on('end', () => {
      if (client === fresh) client = undefined;
    });
    await fresh.connect();
    client = fresh;
    return fresh;
  }

  async function send(batch: Batch, number: number): Promise<BatchOutcome> {
    const connected = await connection();
    const result = await connected.query<{ actual: number[]; accepted: boolean[]; first_position: string }>({
      name: 'events-append',
      text: 'SELECT * FROM events.append($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)',
      values: [writerId, number, ...batchArguments(batch)],
    });
    const row = result.rows[0];
    if (row === undefined) throw new Error('events.append answered nothing');
    return { actual: row.actual, accepted: row.accepted, firstPosition: BigInt(row.first_position) };
  }

  /** The same number until there is an answer: the database knows a batch that it has already stored. */
  async function sendUntilAnswered(batch: Batch): Promise<BatchOutcome> {
    const number = (batchNumber += 1);
    const deadline = performance.now() + options.patienceMs;
    for (let retryMs = RETRY_FIRST_MS; ; retryMs = Math.min(retryMs * 2, RETRY_MAX_MS)) {
      try {
        return await send(batch, number);
      } catch (error) {
        if (isRefusal(error)) throw error;
        const broken = client;
        client = undefined;
        await broken?.end().catch(() => undefined);
        if (closed || performance.now() > deadline) {
          throw new EventStoreUnavailableError(error instanceof Error ? error.message : String(error), error);
        }
        options.log(`events writer: ${error instanceof Error ? error.message : String(error)}; again in ${retryMs} ms`);
        await new Promise((resolve) => setTimeout(resolve, retryMs));
      }
    }
  }

  async function write(batch: Batch): Promise<void> {
    try {
      settleBatch(batch, await sendUntilAnswered(batch));
      options.onAppended();
    } catch (error) {
      const members = batch.slots.flatMap((slot) => slot.members);
      if (isRefusal(error) && members.length > 1) {
        // One of them cannot be stored. Each goes alone, so that it costs only itself.
        for (const member of members) await write(takeBatch([member], 1));
        return;
      }
      for (const member of members) member.fail(error as Error);
    }
  }

  const isWorthSending = (): boolean => closed || bulk.length > 0 || urgent.length >= WORTH_SENDING;

  /** Lets a small batch grow until the last one is long enough ago. */
  async function company(): Promise<void> {
    const waitMs = lastBatchAt + spacingMs - performance.now();
    if (waitMs > 0 && !isWorthSending()) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, waitMs);
        sendNow = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      sendNow = undefined;
    }
    lastBatchAt = performance.now();
    spacingMs = urgent.length >= CROWD ? CROWDED_SPACING_MS : BATCH_SPACING_MS;
  }

  async function run(): Promise<void> {
    // One turn of the loop lets everybody who is about to append join the first batch.
    await Promise.resolve();
    while (urgent.length > 0 || bulk.length > 0) {
      await company();
      turn += 1;
      const isBulkTurn = urgent.length === 0 || (bulk.length > 0 && turn % 2 === 0);
      await write(isBulkTurn ? takeBatch(bulk, MAX_EVENTS_PER_BATCH.bulk) : takeBatch(urgent, MAX_EVENTS_PER_BATCH.urgent));
    }
  }

  function start(): void {
    running ??= run().finally(() => {
      running = undefined;
      if (urgent.length > 0 || bulk.length > 0) start();
    });
  }

  return {
    add(pending, lane) {
      if (closed) return pending.fail(new EventStoreClosedError());
      const queue = lane === 'bulk' ? bulk : urgent;
      if (queue.length >= MAX_QUEUED_APPENDS) return pending.fail(new EventStoreUnavailableError(`${queue.length} appends wait already`));
      queue.push(pending);
      if (sendNow !== undefined && isWorthSending()) sendNow();
      start();
    },
    async close() {
      closed = true;
      sendNow?.();
      while (running !== undefined) await running;
      await client?.end().catch(() => undefined);
      client = undefined;
    },
  };
}
