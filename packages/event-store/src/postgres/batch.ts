import type { AppendRequest, AppendResult } from '../port.ts';
import { WrongExpectedVersionError } from '../port.ts';

/** An append that waits for its batch. */
export interface PendingAppend {
  readonly request: AppendRequest;
  /** The events' data as JSON text. */
  readonly encoded: readonly string[];
  settle(outcome: AppendResult | WrongExpectedVersionError): void;
  fail(error: Error): void;
}

/** Appends to one stream that the database judges as one: a single one, or several in a row without an expected version. */
interface Slot {
  readonly streamId: string;
  readonly expected: number;
  readonly members: PendingAppend[];
  events: number;
}

export interface Batch {
  readonly slots: readonly Slot[];
  readonly events: number;
}

const ANY = -2;
const expectedNumber = (request: AppendRequest): number =>
  request.expectedVersion === 'any' ? ANY : request.expectedVersion === 'none' ? -1 : request.expectedVersion;

/**
 * Takes the next batch out of the queue, in order. A stream occurs once in a batch: appends without an expected version join
 * the stream's slot; any other second append to it stays in the queue, and all later ones to that stream with it.
 */
export function takeBatch(queue: PendingAppend[], maxEvents: number): Batch {
  const slots = new Map<string, Slot>();
  const held = new Set<string>();
  const left: PendingAppend[] = [];
  let events = 0;
  let index = 0;
  for (; index < queue.length; index += 1) {
    const pending = queue[index] as PendingAppend;
    const size = pending.request.events.length;
    if (events > 0 && events + size > maxEvents) break;
    const { streamId } = pending.request;
    const expected = expectedNumber(pending.request);
    const slot = slots.get(streamId);
    if (held.has(streamId) || (slot !== undefined && (slot.expected !== ANY || expected !== ANY))) {
      held.add(streamId);
      left.push(pending);
      continue;
    }
    if (slot === undefined) slots.set(streamId, { streamId, expected, members: [pending], events: size });
    else {
      slot.members.push(pending);
      slot.events += size;
    }
    events += size;
  }
  queue.splice(0, index, ...left);
  return { slots: [...slots.values()], events };
}

/** The arguments of events.append after the writer and the batch number. */
export function batchArguments(batch: Batch): unknown[] {
  const owners: number[] = [];
  const types: string[] = [];
  const schemas: number[] = [];
  const data: string[] = [];
  const times: string[] = [];
  for (const [slotIndex, slot] of batch.slots.entries()) {
    for (const member of slot.members) {
      for (const [eventIndex, event] of member.request.events.entries()) {
        owners.push(slotIndex + 1);
        types.push(event.type);
        schemas.push(event.schema ?? 1);
        data.push(member.encoded[eventIndex] as string);
        times.push(String(Math.trunc(event.at)));
      }
    }
  }
  const { slots } = batch;
  return [slots.map((slot) => slot.streamId), slots.map((slot) => slot.expected), slots.map((slot) => slot.events), owners, types, schemas, data, times];
}

export interface BatchOutcome {
  readonly actual: readonly number[];
  readonly accepted: readonly boolean[];
  readonly firstPosition: bigint;
}

/** Tells each append of the batch what became of it. */
export function settleBatch(batch: Batch, outcome: BatchOutcome): void {
  let position = outcome.firstPosition;
  for (const [index, slot] of batch.slots.entries()) {
    let version = outcome.actual[index] ?? -1;
    for (const member of slot.members) {
      const count = member.request.events.length;
      position += BigInt(count);
      if (outcome.accepted[index] === true) {
        version += count;
        member.settle({ version, position: position - 1n });
      } else {
        member.settle(new WrongExpectedVersionError(slot.streamId, member.request.expectedVersion, version));
      }
    }
  }
}
