/** Queues, agents, offers. The decisions are in core/; this is what feeds it. */
import type { BusSubscription, Signals } from '@ritmo/bus';
import { migrate } from '@ritmo/database';
import { asId, startOfNextDayMs, type AgentId, type CallId, type DirectoryKind, type DomainEvent, type QueueId, type UserStatusId } from '@ritmo/domain';
import { createCallIdAllocator, type ServiceApp, type ServiceContext } from '@ritmo/service-kit';
import { rememberAgents } from './agent-memory.ts';
import { serveCommands } from './commands.ts';
import { createCore, type Core } from './core/model.ts';
import { incomingCall } from './incoming.ts';
import { createLeadership } from './leadership.ts';
import { createAcdMetrics } from './metrics.ts';
import type { CommandParts } from './parts.ts';
import { createReconciler } from './reconcile.ts';
import { createShell, type Shell } from './shell.ts';
import { transferRequested } from './transfers.ts';

export interface AcdOptions {
  /** Default 5 000. */
  readonly reconcileEveryMs?: number;
}

export interface AcdApp extends ServiceApp {
  /** What is held in memory. Calls and timers are zero when nothing goes on. */
  occupied(): { readonly calls: number; readonly waiting: number; readonly busyAgents: number; readonly timers: number };
}

const bindingsRetryMs = 200;
const defaultGraceMs = 10_000;

export function createAcdApp(context: ServiceContext, options: AcdOptions = {}): AcdApp {
  const log = context.log.child({ service: 'acd' });
  const metrics = createAcdMetrics(context.metrics);
  let running: Running | undefined;

  const leadership = createLeadership({
    database: context.database,
    log,
    gained: async () => {
      running = await run({ ...context, log }, options, metrics);
      log.info({ agents: running.core.agents.size, queues: running.core.queues.size }, 'the acd is ready');
    },
    lost: async () => {
      running?.stop();
      running = undefined;
    },
  });

  return {
    name: 'acd',
    occupied() {
      const core = running?.core;
      if (!core) return { calls: 0, waiting: 0, busyAgents: 0, timers: 0 };
      const busyAgents = [...core.agents.values()].filter(({ calls, phase }) => calls.size > 0 || phase.kind === 'ringing').length;
      const waiting = [...core.queues.values()].reduce((sum, queue) => sum + queue.waiting.size, 0);
      return { calls: core.calls.size, waiting, busyAgents, timers: core.timers.size };
    },
    async start() {
      await migrate(context.database, { owner: 'acd', folder: new URL('../sql', import.meta.url) });
      const state = await leadership.start();
      if (state === 'stands-by') log.info('another acd leads; this one stands by');
      metrics.setGauges(() => gaugesOf(running?.core));
      context.health.register('acd', () => ({ status: 'OK', detail: running ? `${running.core.calls.size} calls` : 'stands by' }));
    },
    async stop(stopOptions) {
      if (running) await running.drain(stopOptions?.graceMs ?? defaultGraceMs);
      await leadership.stop();
      running?.stop();
      running = undefined;
      await context.journal.flush();
    },
  };
}

function gaugesOf(core: Core | undefined): { readonly waiting: number; readonly states: ReadonlyMap<string, number> } {
  const states = new Map<string, number>();
  for (const agent of core?.agents.values() ?? []) states.set(agent.told?.state ?? 'unknown', (states.get(agent.told?.state ?? 'unknown') ?? 0) + 1);
  return { states, waiting: [...(core?.queues.values() ?? [])].reduce((sum, queue) => sum + queue.waiting.size, 0) };
}

interface Running {
  readonly core: Core;
  /** Who waits is served for the grace time; whoever still waits then is let go, as abandoned. */
  drain(graceMs: number): Promise<void>;
  stop(): void;
}

async function run(context: ServiceContext, options: AcdOptions, metrics: ReturnType<typeof createAcdMetrics>): Promise<Running> {
  const { bus, directory, clock, journal, log } = context;
  const core = createCore();
  const shell = createShell({ core, bus, journal, clock, log, metrics });
  const parts: CommandParts = { context, core, shell, metrics, callIds: createCallIdAllocator({ database: context.database, clock }) };
  const unfollow = followDirectory(context, shell);
  const agentIds = directory.all('agent').map(({ id }) => asId<AgentId>(id));
  for (const agent of await rememberAgents(context, agentIds)) shell.act({ kind: 'remember-agent', agent });

  const reconciler = createReconciler({ context, core, shell });
  const subscriptions = [...subscribe(parts), ...serveCommands(parts)];
  const timers = new Set<NodeJS.Timeout>();
  let stopped = false;
  const later = (ms: number, work: () => void): void => {
    const timer = setTimeout(() => {
      timers.delete(timer);
      if (!stopped) work();
    }, ms);
    timer.unref();
    timers.add(timer);
  };

  const loadBindings = async (): Promise<void> => {
    try {
      const { bindings } = await bus.request('telephony.bindings', {});
      for (const { extension, contact, userAgent } of bindings) {
        shell.act({ kind: 'registration', change: { extension, contact, userAgent, registered: true, reason: 'registered' } });
      }
    } catch {
      // Telephony is not up yet: it tells of its bindings when it is, and this asks again for what was told too early.
      if (!stopped) later(bindingsRetryMs, () => void loadBindings());
    }
  };
  const reconcile = (): void => {
    reconciler
      .run()
      .catch((error: unknown) => log.debug({ err: error }, 'telephony cannot be asked for its calls'))
      .finally(() => {
        if (!stopped) later(options.reconcileEveryMs ?? 5_000, reconcile);
      });
  };
  const midnight = (): void => {
    const zone = directory.get('settings', 1)?.timeZone ?? 'America/Sao_Paulo';
    later(startOfNextDayMs(zone, clock.nowMs()) - clock.nowMs(), () => {
      shell.act({ kind: 'day-began' });
      midnight();
    });
  };
  await loadBindings();
  reconcile();
  midnight();
  const undelivered = () => [...core.calls.values()].filter(({ phase }) => phase.kind === 'detecting' || phase.kind === 'waiting' || phase.kind === 'offering' || phase.kind === 'message');
  return {
    core,
    async drain(graceMs) {
      for (const deadline = performance.now() + graceMs; undelivered().length > 0 && performance.now() < deadline; ) {
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      for (const { id } of undelivered()) {
        shell.act({ kind: 'call-ended', callId: id, by: 'system' });
        await bus.request('telephony.hangup', { callId: id, by: 'system', reason: 'the acd stops' }).catch(() => undefined);
      }
    },
    stop() {
      stopped = true;
      unfollow();
      for (const subscription of subscriptions) subscription.stop();
      for (const timer of timers) clearTimeout(timer);
      shell.stop();
    },
  };
}

/** Everything configured, and each change of it. */
function followDirectory({ directory }: ServiceContext, shell: Shell): () => void {
  const statuses = (): void => {
    const pauseStatusId = asId<UserStatusId>(directory.get('settings', 1)?.pauseStatusId ?? 6);
    shell.act({ kind: 'put-statuses', statuses: directory.all('user-status'), pauseStatusId, licences: directory.get('settings', 1)?.maxExtensions ?? Infinity });
  };
  const changed = (kind: DirectoryKind, id: number): void => {
    switch (kind) {
      case 'user-status':
      case 'settings':
        return statuses();
      case 'agent': {
        const agent = directory.get('agent', id);
        return shell.act(agent ? { kind: 'put-agent', agent } : { kind: 'remove-agent', agentId: asId<AgentId>(id) });
      }
      case 'queue': {
        const queue = directory.get('queue', id);
        return shell.act(queue ? { kind: 'put-queue', queue } : { kind: 'remove-queue', queueId: asId<QueueId>(id) });
      }
      case 'campaign': {
        const campaign = directory.get('campaign', id);
        if (campaign) shell.act({ kind: 'put-campaign', campaign });
        return;
      }
      case 'trunk':
      case 'route':
      case 'shared-extension':
      case 'agent-group':
      case 'disposition':
      case 'block-list':
      case 'call-window':
        return;
    }
  };
  statuses();
  for (const kind of ['campaign', 'agent', 'queue'] as const) for (const { id } of directory.all(kind)) changed(kind, id);
  return directory.onChange(changed);
}

function subscribe(parts: CommandParts): readonly BusSubscription[] {
  const { context, core, shell } = parts;
  const { bus, log } = context;
  const said = (what: string) => (error: unknown) => log.error({ err: error }, `${what} failed`);
  /** Preview calls on their way: who chose to make them. Gone with the call. */
  const chosenBy = new Map<CallId, AgentId>();
  return [
    bus.subscribe('fact.AttemptStarted', ({ data: { callId, agentId } }) => void (agentId !== null && chosenBy.set(callId, agentId))),
    bus.subscribe('fact.AttemptEnded', ({ data }) => void chosenBy.delete(data.callId)),
    bus.subscribe('fact.AttemptWithdrawn', ({ data }) => void chosenBy.delete(data.callId)),
    bus.subscribe('fact.CallAnswered', ({ data, at }) => {
      const { callId, direction, campaignId, queueId } = data;
      if (direction === 'agent') return shell.act({ kind: 'own-call-answered', callId });
      if (queueId === null) return;
      const number = direction === 'inbound' || direction === 'internal' ? data.from : data.to;
      const record = campaignId === null || (core.campaigns.get(campaignId)?.record ?? true);
      const wantedAgentId = chosenBy.get(callId);
      const call = { callId, direction, queueId, campaignId, number, answeredAt: at, record, ...(wantedAgentId === undefined ? {} : { wantedAgentId }) };
      shell.act({ kind: 'call-arrived', call });
    }),
    bus.subscribe('fact.AnswerClassified', ({ data: { callId, verdict } }) => shell.act({ kind: 'call-classified', callId, verdict })),
    bus.subscribe('fact.CallEnded', ({ data }) => shell.act({ kind: 'call-ended', callId: data.callId, by: data.by })),
    bus.subscribe('fact.TransferRequested', (event: DomainEvent<'TransferRequested'>) => void transferRequested(parts, event).catch(said('a transfer'))),
    bus.subscribe('signal.leg', (leg) => legChanged(parts, leg)),
    bus.subscribe('signal.registration', (change) => shell.act({ kind: 'registration', change })),
    bus.subscribe('signal.incoming', (incoming) => void incomingCall(parts, incoming).catch(said('an incoming call'))),
  ];
}

function legChanged({ core, shell }: CommandParts, leg: Signals['signal.leg']): void {
  const { callId, legId, state, reason } = leg;
  switch (state) {
    case 'ringing':
      return;
    case 'answered':
      return shell.act({ kind: 'offer-answered', callId, legId });
    case 'ended':
      return shell.act({ kind: 'agent-leg-ended', callId, legId });
    case 'failed':
      if (core.calls.get(callId)?.phase.kind === 'own') return shell.act({ kind: 'own-call-failed', callId });
      if (reason === 'cancelled') return shell.act({ kind: 'offer-withdrawn', callId, legId });
      return shell.act({ kind: 'offer-missed', callId, legId, reason: reason === 'busy' ? 'rejected' : (reason ?? 'unreachable') });
  }
}
