import type {
  Bus,
  BusSubscription,
  HeardMessage,
  HeardSubject,
  PublishedSubject,
  RequestHandler,
  RequestOptions,
  ServeOptions,
  SubscribeBusOptions,
} from './port.ts';
import { codeOf, hand, messageOf } from './handlers.ts';
import { BusClosedError, DEFAULT_REQUEST_TIMEOUT_MS, NoResponderError, RemoteError, RequestTimeoutError } from './port.ts';
import { replyWhenDeclined, unionOf } from './request-rules.ts';
import type { PublishedMessage, Requests, RequestSubject } from './messages.ts';

const EVERY_FACT = 'fact.*';

export interface InProcessBusOptions {
  readonly log?: (message: string) => void;
  /** Freezes what is sent, so that a receiver that changes a message is found in tests. Default true. */
  readonly freeze?: boolean;
}

type Handler = (message: unknown) => unknown;

/** Members of one group take turns. */
interface Group {
  readonly handlers: Handler[];
  next: number;
}

interface Listeners {
  readonly each: Set<Handler>;
  readonly groups: Map<string, Group>;
}

interface Servers {
  readonly any: Handler[];
  readonly owners: Set<Handler>;
  next: number;
}

function deepFreeze(value: unknown): void {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value) || ArrayBuffer.isView(value)) return;
  Object.freeze(value);
  for (const part of Object.values(value)) deepFreeze(part);
}

function takeTurn(group: { readonly handlers: readonly Handler[]; next: number }): Handler | undefined {
  group.next = (group.next + 1) % Math.max(group.handlers.length, 1);
  return group.handlers[group.next];
}

/** The bus of a single process. A message is handed over in a microtask: after the publisher's turn, before any timer or socket. */
export function createInProcessBus(options: InProcessBusOptions = {}): Bus {
  const log = options.log ?? (() => undefined);
  const freeze = options.freeze ?? true;
  const listeners = new Map<string, Listeners>();
  const servers = new Map<string, Servers>();
  const pending = new Set<() => void>();
  let queue: (() => void)[] = [];
  let scheduled = false;
  let closed = false;

  function assertOpen(): void {
    if (closed) throw new BusClosedError();
  }

  function enqueue(delivery: () => void): void {
    queue.push(delivery);
    if (scheduled) return;
    scheduled = true;
    queueMicrotask(drain);
  }

  function drain(): void {
    scheduled = false;
    const batch = queue;
    queue = [];
    for (const delivery of batch) delivery();
  }

  function deliver(subject: string, message: unknown): void {
    const everyFact = subject.startsWith('fact.') ? listeners.get(EVERY_FACT) : undefined;
    for (const audience of [listeners.get(subject), everyFact]) {
      if (audience === undefined) continue;
      for (const handler of audience.each) hand(subject, handler, message, log);
      for (const group of audience.groups.values()) {
        const handler = takeTurn(group);
        if (handler !== undefined) hand(subject, handler, message, log);
      }
    }
  }

  function listenersOf(subject: string): Listeners {
    const found = listeners.get(subject) ?? { each: new Set<Handler>(), groups: new Map<string, Group>() };
    listeners.set(subject, found);
    return found;
  }

  function answerOf(subject: string, message: unknown): Promise<unknown> {
    const serving = servers.get(subject);
    const union = unionOf(subject);
    if (union !== undefined && serving !== undefined && serving.any.length + serving.owners.size > 0) {
      return Promise.all([...serving.any, ...serving.owners].map((handler) => call(subject, handler, message))).then(union);
    }
    const one = serving === undefined ? undefined : takeTurn({ handlers: serving.any, next: serving.next++ });
    if (serving === undefined || (one === undefined && serving.owners.size === 0)) return Promise.reject(new NoResponderError(subject));
    if (one !== undefined) return call(subject, one, message);
    return firstAnswer(subject, [...serving.owners].map((owner) => call(subject, owner, message)));
  }

  return {
    publish<S extends PublishedSubject>(subject: S, message: PublishedMessage<S>): void {
      assertOpen();
      if (freeze) deepFreeze(message);
      enqueue(() => deliver(subject, message));
    },

    subscribe<S extends HeardSubject>(
      subject: S,
      handler: (message: HeardMessage<S>) => void | Promise<void>,
      subscribeOptions?: SubscribeBusOptions,
    ): BusSubscription {
      assertOpen();
      const audience = listenersOf(subject);
      // A function of its own: the same handler may be subscribed twice.
      const own: Handler = (message) => handler(message as HeardMessage<S>);
      if (subscribeOptions?.group === undefined) {
        audience.each.add(own);
        return { stop: () => void audience.each.delete(own) };
      }
      const name = subscribeOptions.group;
      const group = audience.groups.get(name) ?? { handlers: [], next: -1 };
      audience.groups.set(name, group);
      group.handlers.push(own);
      return { stop: () => remove(group.handlers, own) };
    },

    request<S extends RequestSubject>(
      subject: S,
      message: Requests[S]['request'],
      requestOptions?: RequestOptions,
    ): Promise<Requests[S]['reply']> {
      assertOpen();
      if (freeze) deepFreeze(message);
      const timeoutMs = requestOptions?.timeoutMs ?? DEFAULT_REQUEST_TIMEOUT_MS;
      return new Promise<Requests[S]['reply']>((resolve, reject) => {
        const timer = setTimeout(() => settle(() => reject(new RequestTimeoutError(subject, timeoutMs))), timeoutMs);
        const giveUp = (): void => settle(() => reject(new BusClosedError()));
        function settle(how: () => void): void {
          clearTimeout(timer);
          pending.delete(giveUp);
          how();
        }
        pending.add(giveUp);
        enqueue(() => {
          answerOf(subject, message).then(
            (reply) => settle(() => resolve(reply as Requests[S]['reply'])),
            (error: unknown) => settle(() => reject(error as Error)),
          );
        });
      });
    },

    serve<S extends RequestSubject>(subject: S, handler: RequestHandler<S>, serveOptions?: ServeOptions): BusSubscription {
      assertOpen();
      const serving = servers.get(subject) ?? { any: [], owners: new Set<Handler>(), next: 0 };
      servers.set(subject, serving);
      const own: Handler = (request) => handler(request as Requests[S]['request']);
      if (serveOptions?.scope === 'owner' || serveOptions?.scope === 'every') {
        serving.owners.add(own);
        return { stop: () => void serving.owners.delete(own) };
      }
      serving.any.push(own);
      return { stop: () => remove(serving.any, own) };
    },

    async flush() {
      while (queue.length > 0) await Promise.resolve();
    },

    async close() {
      if (closed) return;
      drain();
      closed = true;
      for (const giveUp of [...pending]) giveUp();
      listeners.clear();
      servers.clear();
    },
  };
}

function remove<T>(list: T[], item: T): void {
  const index = list.indexOf(item);
  if (index >= 0) list.splice(index, 1);
}

/** A handler's failure crosses the bus as RemoteError whether or not there is a wire in between. */
async function call(subject: string, handler: Handler, message: unknown): Promise<unknown> {
  try {
    return await handler(message);
  } catch (error) {
    throw new RemoteError(subject, messageOf(error), codeOf(error));
  }
}

/** The first owner that does not decline. All declined: what request-rules.ts says, or nobody serves it. One failed and no other answered: that failure. */
async function firstAnswer(subject: string, answers: readonly Promise<unknown>[]): Promise<unknown> {
  return new Promise((resolve, reject) => {
    let open = answers.length;
    let failure: unknown;
    const closeOne = (): void => {
      open -= 1;
      if (open > 0) return;
      const reply = failure === undefined ? replyWhenDeclined(subject) : undefined;
      if (reply === undefined) reject((failure as Error | undefined) ?? new NoResponderError(subject));
      else resolve(reply);
    };
    for (const answer of answers) {
      answer.then(
        (reply) => (reply === undefined ? closeOne() : resolve(reply)),
        (error: unknown) => {
          failure ??= error;
          closeOne();
        },
      );
    }
  });
}
