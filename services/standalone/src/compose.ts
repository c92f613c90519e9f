import type { Clock, ServiceApp } from '@ritmo/service-kit';
import type { Logger } from 'pino';
import type { RitmoConfig } from './config.ts';
import { layFoundations, type Foundations } from './foundations.ts';
import { serviceNames, services, type ServiceName } from './services.ts';

export interface RunningServices {
  readonly foundations: Foundations;
  /** Those that run here. */
  readonly apps: StartedApps;
  /** Lets calls in progress finish up to the limit, then closes everything. Called again with less grace, it hurries. */
  stop(options?: { readonly graceMs?: number }): Promise<void>;
}

export type StartedApps = { readonly [K in ServiceName]?: ReturnType<(typeof services)[K]> };

/** Where things are reached once they run: ports that were 0 in the configuration are known now. Null: not in this process. */
export interface Ports {
  readonly http: number | null;
  readonly socketRead: number | null;
  readonly socketWrite: number | null;
  readonly sip: number | null;
  /** Null where `server.tls` is not set, too. */
  readonly sipTls: number | null;
  readonly postgres: number | null;
}

export interface RunningRitmo extends RunningServices {
  readonly ports: Ports;
}

export interface StartOptions {
  readonly node?: string;
  readonly log?: Logger;
  /** Default: every service. */
  readonly only?: readonly ServiceName[];
  /** Something that the process cannot live without has gone. */
  readonly onFatal?: (error: Error) => void;
  /** What the services call now. Default: the machine's. */
  readonly clock?: Clock;
}

const quietPollMs = 50;

/** Starts services on one set of foundations: all of them (standalone), or some (one process of a cluster). */
export async function startServices(config: RitmoConfig, options: StartOptions = {}): Promise<RunningServices> {
  const names = serviceNames.filter((name) => options.only?.includes(name) ?? true);
  const onFatal = options.onFatal ?? (() => undefined);
  const foundations = await layFoundations(config, {
    node: options.node ?? 'standalone',
    onFatal,
    ...(options.log === undefined ? {} : { log: options.log }),
    ...(options.clock === undefined ? {} : { clock: options.clock }),
  });
  const { log } = foundations;
  const apps = new Map<ServiceName, ServiceApp>();
  let stopping: Promise<void> | undefined;

  const stopAll = async (graceMs: number): Promise<void> => {
    const deadline = performance.now() + graceMs;
    const left = (): number => Math.max(0, Math.round(deadline - performance.now()));
    // In the opposite order: those who give orders stop before those who carry them out.
    for (const [name, app] of [...apps].reverse()) {
      await app.stop({ graceMs: left() }).catch((error: unknown) => log.error({ err: error, service: app.name }, 'a service did not stop cleanly'));
      // Nothing begins a call any more. Those that are up end with everybody still there who writes down how.
      if (name === 'dialer') await quiet(apps.get('telephony') as StartedApps['telephony'], () => hurried || left() === 0);
    }
    await foundations.close();
  };
  let hurried = false;
  const stop = (graceMs: number): Promise<void> => {
    if (stopping && graceMs === 0) {
      hurried = true;
      for (const app of [...apps.values()].reverse()) void app.stop({ graceMs }).catch(() => undefined);
    }
    stopping ??= stopAll(graceMs);
    return stopping;
  };

  try {
    for (const name of names) {
      // Everybody but the directory itself reads it, and can only begin when it answers.
      if (name !== 'directory' && apps.size === (names.includes('directory') ? 1 : 0)) await foundations.context.directory.start();
      const app = services[name]({ config, foundations, onFatal });
      apps.set(name, app);
      await app.start();
      log.debug({ service: name }, 'started');
    }
  } catch (error) {
    await stop(0);
    throw error;
  }
  return { foundations, apps: Object.fromEntries(apps) as StartedApps, stop: ({ graceMs = 0 } = {}) => stop(graceMs) };
}

async function quiet(telephony: StartedApps['telephony'], isOver: () => boolean): Promise<void> {
  while (telephony !== undefined && telephony.occupied().calls > 0 && !isOver()) await new Promise((resolve) => setTimeout(resolve, quietPollMs));
}

/** Everything in one process: what `npm start` runs, and what tests start on free ports. */
export async function startRitmo(config: RitmoConfig, options: Omit<StartOptions, 'only'> = {}): Promise<RunningRitmo> {
  const running = await startServices(config, options);
  return { ...running, ports: portsOf(running) };
}

export function portsOf({ apps, foundations }: RunningServices): Ports {
  return {
    http: apps.api?.port() ?? null,
    socketRead: apps.socket?.readPort() ?? null,
    socketWrite: apps.socket?.writePort() ?? null,
    sip: apps.telephony?.address?.port ?? null,
    sipTls: apps.telephony?.address?.tlsPort ?? null,
    postgres: foundations.postgresPort,
  };
}
