/** Carrier and agents in a child process of their own: what the demo and the crash tests use. */
import { fork, type ChildProcess } from 'node:child_process';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import type { AgentsOptions, AgentsStats, HandledCall } from './agents-port.ts';
import type { CarrierOptions, InboundCallOptions, InboundCallResult, SimulatedCarrier } from './carrier.ts';
import type { CarrierStats } from './carrier-stats.ts';

export type PlainAgentsOptions = Omit<AgentsOptions, 'onWrapUp' | 'onRegistered'>;
type CarrierChange = Parameters<SimulatedCarrier['change']>[0];
type AgentsChange = Pick<AgentsOptions, 'missP' | 'talkMs' | 'answerDelayMs' | 'hangsUpP'>;

export type SimulatorCommand =
  | { readonly kind: 'start-carrier'; readonly options: CarrierOptions }
  | { readonly kind: 'start-agents'; readonly options: PlainAgentsOptions }
  | { readonly kind: 'change-carrier'; readonly change: CarrierChange }
  | { readonly kind: 'change-agents'; readonly change: AgentsChange }
  | { readonly kind: 'call'; readonly options: InboundCallOptions }
  | { readonly kind: 'hang-up-all' }
  | { readonly kind: 'stats' }
  | { readonly kind: 'stop-agents' }
  | { readonly kind: 'stop' };

export type SimulatorReport =
  | { readonly kind: 'ready' }
  | { readonly kind: 'done'; readonly request: number; readonly answer: unknown }
  | { readonly kind: 'failed'; readonly request: number; readonly message: string }
  | { readonly kind: 'wrap-up'; readonly call: HandledCall }
  | { readonly kind: 'registered'; readonly extension: string };

export interface SimulatorListener {
  onWrapUp?(call: HandledCall): void | Promise<void>;
  onRegistered?(extension: string): void;
  /** The process ended without being asked to. */
  onExit?(code: number | null): void;
}

export interface Simulator {
  startCarrier(options: CarrierOptions): Promise<{ readonly host: string; readonly port: number }>;
  startAgents(options: PlainAgentsOptions): Promise<{ readonly host: string; readonly port: number }>;
  changeCarrier(change: CarrierChange): Promise<void>;
  changeAgents(change: AgentsChange): Promise<void>;
  call(options: InboundCallOptions): Promise<InboundCallResult>;
  hangUpAll(): Promise<void>;
  stats(): Promise<{ readonly carrier: CarrierStats | null; readonly agents: AgentsStats | null }>;
  stopAgents(): Promise<void>;
  stop(): Promise<void>;
}

const STOP_LIMIT_MS = 5000;

export async function forkSimulator(listener: SimulatorListener = {}): Promise<Simulator> {
  const loader = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
  const child = fork(new URL('./simulator-main.ts', import.meta.url), [], { execArgv: ['--import', loader], serialization: 'advanced' });
  const simulator = new ForkedSimulator(child, listener);
  await simulator.ready;
  return simulator;
}

class ForkedSimulator implements Simulator {
  readonly ready: Promise<void>;
  private readonly child: ChildProcess;
  private readonly waiting = new Map<number, { resolve: (answer: unknown) => void; reject: (error: Error) => void }>();
  private lastRequest = 0;
  private isStopping = false;

  constructor(child: ChildProcess, listener: SimulatorListener) {
    this.child = child;
    this.ready = new Promise((resolve, reject) => {
      child.once('error', reject);
      child.on('message', (report: SimulatorReport) => {
        if (report.kind === 'ready') resolve();
        else this.onReport(report, listener);
      });
      child.once('exit', (code) => {
        const error = new Error(`the simulator ended with ${code}`);
        reject(error);
        for (const { reject: fail } of this.waiting.values()) fail(error);
        this.waiting.clear();
        if (!this.isStopping) listener.onExit?.(code);
      });
    });
  }

  private onReport(report: Exclude<SimulatorReport, { kind: 'ready' }>, listener: SimulatorListener): void {
    switch (report.kind) {
      case 'done':
        this.waiting.get(report.request)?.resolve(report.answer);
        this.waiting.delete(report.request);
        return;
      case 'failed':
        this.waiting.get(report.request)?.reject(new Error(report.message));
        this.waiting.delete(report.request);
        return;
      case 'wrap-up':
        void listener.onWrapUp?.(report.call);
        return;
      case 'registered':
        listener.onRegistered?.(report.extension);
        return;
    }
  }

  private ask<T>(command: SimulatorCommand): Promise<T> {
    this.lastRequest += 1;
    const request = this.lastRequest;
    if (!this.child.connected) return Promise.reject(new Error('the simulator is stopped'));
    return new Promise((resolve, reject) => {
      this.waiting.set(request, { resolve: resolve as (answer: unknown) => void, reject });
      this.child.send({ request, command });
    });
  }

  startCarrier(options: CarrierOptions): Promise<{ readonly host: string; readonly port: number }> {
    return this.ask({ kind: 'start-carrier', options });
  }

  startAgents(options: PlainAgentsOptions): Promise<{ readonly host: string; readonly port: number }> {
    return this.ask({ kind: 'start-agents', options });
  }

  changeCarrier(change: CarrierChange): Promise<void> {
    return this.ask({ kind: 'change-carrier', change });
  }

  changeAgents(change: AgentsChange): Promise<void> {
    return this.ask({ kind: 'change-agents', change });
  }

  call(options: InboundCallOptions): Promise<InboundCallResult> {
    return this.ask({ kind: 'call', options });
  }

  hangUpAll(): Promise<void> {
    return this.ask({ kind: 'hang-up-all' });
  }

  stats(): Promise<{ readonly carrier: CarrierStats | null; readonly agents: AgentsStats | null }> {
    return this.ask({ kind: 'stats' });
  }

  stopAgents(): Promise<void> {
    return this.ask({ kind: 'stop-agents' });
  }

  async stop(): Promise<void> {
    if (this.isStopping || this.child.exitCode !== null) return;
    this.isStopping = true;
    const gone = new Promise<void>((resolve) => this.child.once('exit', () => resolve()));
    const timer = setTimeout(() => this.child.kill('SIGKILL'), STOP_LIMIT_MS);
    await this.ask({ kind: 'stop' }).catch(() => undefined);
    await gone;
    clearTimeout(timer);
  }
}
