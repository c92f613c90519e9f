import type { NatsConnection } from '@nats-io/transport-node';
import { decodePayload, encodePayload, type Outbox } from './nats-outbox.ts';

/** How often a process that serves says so, and after which silence it counts as dead. */
const SAY_EVERY_MS = 1_000;
const DEAD_AFTER_MS = 3_500;

interface Word {
  readonly id: string;
  readonly subjects: readonly string[];
}

/**
 * Which processes answer requests that several of them hear. A requester that knows them neither waits for an owner that is not there nor
 * takes the silence of one that is slow for a refusal.
 */
export interface Presence {
  readonly id: string;
  /** This process hears requests of the subject from now on, until the function returned is called. */
  serves(subject: string): () => void;
  /** Processes that hear them, as far as is known. */
  serversOf(subject: string): readonly string[];
  close(): void;
}

export interface PresenceParts {
  readonly connection: NatsConnection;
  readonly prefix: string;
  readonly id: string;
  readonly publish: Outbox;
  /** Somebody came, left or died. */
  readonly changed: () => void;
}

export function createPresence({ connection, prefix, id, publish, changed }: PresenceParts): Presence {
  const [words, question] = [`${prefix}.present.words`, `${prefix}.present.who`];
  const mine = new Map<string, number>();
  const others = new Map<string, { readonly subjects: ReadonlySet<string>; seenAtMs: number }>();
  const say = (): void => publish(words, encodePayload({ id, subjects: [...mine.keys()] } satisfies Word));
  let checkedAtMs = performance.now();

  const heard = connection.subscribe(words, {
    callback(error, message) {
      if (error !== null) return;
      const word = decodePayload(message.data) as Word;
      if (word.subjects.length === 0) others.delete(word.id);
      else others.set(word.id, { subjects: new Set(word.subjects), seenAtMs: performance.now() });
      changed();
    },
  });
  const asked = connection.subscribe(question, {
    callback(error) {
      if (error === null && mine.size > 0) say();
    },
  });
  const timer = setInterval(() => {
    if (mine.size > 0) say();
    const nowMs = performance.now();
    // A process that stood still itself has heard nobody meanwhile.
    const stoodStillMs = Math.max(0, nowMs - checkedAtMs - SAY_EVERY_MS);
    checkedAtMs = nowMs;
    for (const [each, other] of others) {
      other.seenAtMs += stoodStillMs;
      if (nowMs - other.seenAtMs > DEAD_AFTER_MS) others.delete(each);
    }
    changed();
  }, SAY_EVERY_MS);
  timer.unref();
  publish(question, encodePayload(null));

  return {
    id,
    serves(subject) {
      mine.set(subject, (mine.get(subject) ?? 0) + 1);
      say();
      return () => {
        const left = (mine.get(subject) ?? 0) - 1;
        if (left > 0) mine.set(subject, left);
        else mine.delete(subject);
        say();
      };
    },
    serversOf(subject) {
      return [...others].filter(([, { subjects }]) => subjects.has(subject)).map(([each]) => each);
    },
    close() {
      clearInterval(timer);
      if (mine.size > 0) publish(words, encodePayload({ id, subjects: [] } satisfies Word));
      heard.unsubscribe();
      asked.unsubscribe();
    },
  };
}
