/** The calls on the wire, kept in PostgreSQL for the process that comes after a crash. Written in batches. */
import type { Database } from '@ritmo/database';
import type { CallId, TrunkId } from '@ritmo/domain';
import type { Logger } from 'pino';
import type { FoundCall, OpenCall } from './open-call.ts';
import { createOpenCallRows } from './open-call-rows.ts';

export interface OpenCalls {
  /** Durable when it resolves: the INVITE may leave. False when a call of this id is there already. */
  begin(call: OpenCall): Promise<boolean>;
  /** Soon, and only the last state of a call. Resolves when it is written, or could not be. */
  update(call: OpenCall): Promise<void>;
  /** The far end is done with it: noted soon; the row goes once the call's facts are likely to be stored. */
  end(callId: CallId): void;
  ofTrunk(trunkId: TrunkId): Promise<readonly FoundCall[]>;
  /** Writes what waits. */
  close(): Promise<void>;
}

/** A row outlives its call for this long: the call's last fact must be stored first. */
const keepEndedMs = 3_000;
/** With more facts than this waiting for the store, rows of ended calls are kept. */
const storeIsBehind = 2_000;
const retryMs = 500;
/** Statements begin no closer than this. A note that comes alone does not wait; an INVITE or an ACK that waits so long is not late. */
const spacingMs = 10;
/** Nobody waits for the note that a call is over: those of this span go together. */
const oversEveryMs = 50;

interface Beginning {
  readonly call: OpenCall;
  readonly resolve: (isNew: boolean) => void;
  readonly reject: (error: unknown) => void;
}

interface Change {
  /** The call's last state. */
  call: OpenCall;
  readonly told: (() => void)[];
}

interface Batch {
  readonly beginnings: readonly Beginning[];
  readonly changes: readonly Change[];
  readonly overs: readonly CallId[];
}

/** What may hold a value that PostgreSQL refuses. */
const valuesIn = ({ beginnings, changes }: Batch): number => beginnings.length + changes.length;

/** SQLSTATE class 22: a value that PostgreSQL does not take, such as text with a NUL. It must cost its own call only. */
const isAboutAValue = (error: unknown): boolean => (error as { readonly code?: string }).code?.startsWith('22') === true;

export function createOpenCalls(parts: {
  readonly database: Database;
  readonly node: string;
  readonly log: Logger;
  /** Facts that are not yet durable. */
  readonly pendingFacts: () => number;
}): OpenCalls {
  const { log } = parts;
  const rows = createOpenCallRows(parts.database, parts.node);
  let beginnings: Beginning[] = [];
  const changes = new Map<CallId, Change>();
  let overs: CallId[] = [];
  let lastAt = -Infinity;
  let timer: NodeJS.Timeout | undefined;
  const ended = new Map<CallId, number>();
  let working: Promise<void> | undefined;
  let closed = false;

  /** What belongs to a call that begins in this batch is left for the next one: it changes the row that this one makes. */
  const take = (): Batch => {
    const [begun, over] = [beginnings, overs];
    const isBegun = new Set(begun.map(({ call }) => call.identity.callId));
    const changed = [...changes].filter(([callId]) => !isBegun.has(callId));
    for (const [callId] of changed) changes.delete(callId);
    beginnings = [];
    overs = over.filter((callId) => isBegun.has(callId));
    return { beginnings: begun, changes: changed.map(([, change]) => change), overs: over.filter((callId) => !isBegun.has(callId)) };
  };
  const write = async (batch: Batch): Promise<void> => {
    try {
      const stored = await rows.write({ begun: batch.beginnings.map(({ call }) => call), changed: batch.changes.map(({ call }) => call), over: batch.overs });
      for (const { call, resolve } of batch.beginnings) resolve(stored.delete(call.identity.callId));
    } catch (error) {
      if (isAboutAValue(error) && valuesIn(batch) > 0 && valuesIn(batch) + batch.overs.length > 1) return await writeEach(batch);
      log.error({ err: error, calls: valuesIn(batch) + batch.overs.length }, 'open calls could not be written');
      for (const { reject } of batch.beginnings) reject(error);
      overs.push(...batch.overs);
      if (!isAboutAValue(error) || batch.overs.length > 0) await new Promise((resolve) => setTimeout(resolve, retryMs));
    }
    for (const { told } of batch.changes) for (const tell of told) tell();
  };
  const writeEach = async (batch: Batch): Promise<void> => {
    const none: Batch = { beginnings: [], changes: [], overs: [] };
    for (const beginning of batch.beginnings) await write({ ...none, beginnings: [beginning] });
    for (const change of batch.changes) await write({ ...none, changes: [change] });
    if (batch.overs.length > 0) await write({ ...none, overs: batch.overs });
  };

  const removeEnded = async (): Promise<void> => {
    if (!closed && parts.pendingFacts() > storeIsBehind) return;
    const before = performance.now() - keepEndedMs;
    const due = [...ended].filter(([, at]) => closed || at <= before).map(([callId]) => callId);
    if (due.length === 0) return;
    await rows.remove(due);
    for (const callId of due) ended.delete(callId);
  };

  /** Milliseconds until something has to be written; undefined when nothing waits. */
  const dueInMs = (): number | undefined => {
    const isAwaited = beginnings.length > 0 || changes.size > 0;
    if (!isAwaited && overs.length === 0) return undefined;
    return closed ? 0 : Math.max(0, lastAt + (isAwaited ? spacingMs : oversEveryMs) - performance.now());
  };
  const work = async (): Promise<void> => {
    // One turn lets everybody who has something to write now join the batch.
    await Promise.resolve();
    while (dueInMs() === 0) {
      lastAt = performance.now();
      await write(take());
    }
    working = undefined;
    wake();
  };
  const wake = (): void => {
    if (working) return;
    const waitMs = dueInMs();
    if (waitMs === undefined) return;
    clearTimeout(timer);
    if (waitMs === 0) working = work();
    else timer = setTimeout(wake, waitMs);
  };
  const sweep = setInterval(() => {
    removeEnded().catch((error: unknown) => log.error({ err: error }, 'ended calls could not be removed'));
  }, 1_000);
  sweep.unref();

  return {
    begin(call) {
      return new Promise((resolve, reject) => {
        beginnings.push({ call, resolve, reject });
        wake();
      });
    },
    update(call) {
      const { callId } = call.identity;
      if (ended.has(callId)) return Promise.resolve();
      return new Promise((resolve) => {
        const change = changes.get(callId) ?? { call, told: [] };
        change.call = call;
        change.told.push(resolve);
        changes.set(callId, change);
        wake();
      });
    },
    end(callId) {
      if (ended.has(callId)) return;
      for (const tell of changes.get(callId)?.told ?? []) tell();
      changes.delete(callId);
      ended.set(callId, performance.now());
      overs.push(callId);
      wake();
    },
    ofTrunk: (trunkId) => rows.ofTrunk(trunkId),
    async close() {
      clearInterval(sweep);
      closed = true;
      wake();
      while (working !== undefined) await working;
      clearTimeout(timer);
      await removeEnded();
    },
  };
}
