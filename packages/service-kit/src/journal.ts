import type { Bus, FactSubject, PublishedMessage } from '@ritmo/bus';
import type { DomainEvent } from '@ritmo/domain';
import type { AppendResult, EventStore, ExpectedVersion } from '@ritmo/event-store';
import type { Logger } from 'pino';

/**
 * Where a service writes its facts. `commit` is for decisions: durable first, then published. `record` is for what the
 * world did already: published at once, stored in order as soon as the store takes it, retried while it does not.
 */
export interface Journal {
  /** Rejects with WrongExpectedVersionError; nothing is published then. */
  commit(streamId: string, expectedVersion: ExpectedVersion, facts: readonly DomainEvent[]): Promise<AppendResult>;
  record(streamId: string, ...facts: DomainEvent[]): void;
  /** Resolves when everything recorded so far is durable. */
  flush(): Promise<void>;
  /** Facts recorded and not yet durable. */
  readonly pending: number;
}

/** Facts waiting for a store that does not answer. Past this the process says so loudly and drops nothing. */
const pendingAlarm = 50_000;
const retryDelaysMs = [50, 200, 1_000, 3_000] as const;

export function createJournal(parts: { readonly bus: Bus; readonly events: EventStore; readonly log: Logger }): Journal {
  const { bus, events, log } = parts;
  /** Per stream: facts in order. One append a stream is in flight, so a stream never sees its facts swapped. */
  const queues = new Map<string, DomainEvent[]>();
  const flushWaiters = new Set<() => void>();
  let pending = 0;
  let alarmed = false;

  const publish = (facts: readonly DomainEvent[]): void => {
    for (const fact of facts) {
      const subject = `fact.${fact.type}` as FactSubject;
      bus.publish(subject, fact as PublishedMessage<typeof subject>);
    }
  };

  const drain = async (streamId: string, queue: DomainEvent[]): Promise<void> => {
    let failures = 0;
    while (queue.length > 0) {
      const batch = queue.slice();
      try {
        await events.append({ streamId, expectedVersion: 'any', events: batch.map(toAppend) });
        queue.splice(0, batch.length);
        pending -= batch.length;
        failures = 0;
      } catch (error) {
        const delayMs = retryDelaysMs[Math.min(failures, retryDelaysMs.length - 1)] ?? 3_000;
        failures += 1;
        log.error({ err: error, streamId, facts: batch.length, delayMs }, 'facts could not be stored; trying again');
        await new Promise((resolve) => setTimeout(resolve, delayMs));
      }
    }
    queues.delete(streamId);
    if (pending < pendingAlarm) alarmed = false;
    if (pending === 0) {
      for (const resolve of flushWaiters) resolve();
      flushWaiters.clear();
    }
  };

  return {
    async commit(streamId, expectedVersion, facts) {
      const result = await events.append({ streamId, expectedVersion, events: facts.map(toAppend) });
      publish(facts);
      return result;
    },
    record(streamId, ...facts) {
      publish(facts);
      pending += facts.length;
      if (pending > pendingAlarm && !alarmed) {
        alarmed = true;
        log.error({ pending }, 'the event store is far behind: facts wait in memory');
      }
      const running = queues.get(streamId);
      if (running) {
        running.push(...facts);
        return;
      }
      const queue = [...facts];
      queues.set(streamId, queue);
      void drain(streamId, queue);
    },
    flush() {
      return pending === 0 ? Promise.resolve() : new Promise((resolve) => flushWaiters.add(resolve));
    },
    get pending() {
      return pending;
    },
  };
}

function toAppend(fact: DomainEvent): { type: string; data: Readonly<Record<string, unknown>>; at: number } {
  return { type: fact.type, data: fact.data as unknown as Readonly<Record<string, unknown>>, at: fact.at };
}
