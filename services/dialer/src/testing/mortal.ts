/** For tests: a context that dies at once and without a word, as a process does under kill -9. What was on its way arrives or does not. */
import type { BusSubscription } from '@ritmo/bus';
import type { SqlSession } from '@ritmo/database';
import type { Subscription } from '@ritmo/event-store';
import { createJournal, type ServiceContext } from '@ritmo/service-kit';

export interface MortalContext {
  readonly context: ServiceContext;
  kill(): void;
}

/** `readDelayMs`: how late it hears what was stored, so that its index is behind. */
export function mortal(context: ServiceContext, readDelayMs = 0): MortalContext {
  let dead = false;
  const ears: BusSubscription[] = [];
  const readers: Subscription[] = [];
  const alive = (): void => {
    if (dead) throw new Error('this process is dead');
  };
  const heard = <T extends BusSubscription>(subscription: T): T => {
    ears.push(subscription);
    return subscription;
  };
  /** Nothing reaches it and nothing leaves it any more. */
  const guarded = <T extends object>(target: T, methods: Partial<T> = {}): T =>
    new Proxy(target, {
      get(object, key) {
        const own = (methods as Record<PropertyKey, unknown>)[key] ?? (object as Record<PropertyKey, unknown>)[key];
        if (typeof own !== 'function') return own;
        return (...args: unknown[]): unknown => {
          if (key === 'stop' || key === 'close' || key === 'flush') return (own as (...a: unknown[]) => unknown).apply(object, args);
          alive();
          return (own as (...a: unknown[]) => unknown).apply(object, args);
        };
      },
    });
  const bus = guarded(context.bus, {
    subscribe: (subject, handler, options) => heard(context.bus.subscribe(subject, handler, options)),
    serve: (subject, handler, options) => heard(context.bus.serve(subject, handler, options)),
    publish: (subject, message) => (dead ? undefined : context.bus.publish(subject, message)),
  });
  const events = guarded(context.events, {
    subscribe(options, handler) {
      const subscription = context.events.subscribe(options, async (batch) => {
        if (readDelayMs > 0) await new Promise((resolve) => setTimeout(resolve, readDelayMs));
        if (!dead) await handler(batch);
      });
      readers.push(subscription);
      return subscription;
    },
  });
  const session = <T>(work: (inner: SqlSession) => Promise<T>) => (inner: SqlSession): Promise<T> => work(guarded(inner));
  const database = guarded(context.database, {
    tx: (work, options) => context.database.tx(session(work), options),
    session: (work) => context.database.session(session(work)),
  });
  return {
    context: { ...context, bus, events, database, journal: createJournal({ bus, events, log: context.log }) },
    kill() {
      dead = true;
      for (const ear of ears) ear.stop();
      for (const reader of readers) void reader.stop();
    },
  };
}
