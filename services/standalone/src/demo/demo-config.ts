import type { RitmoConfig } from '../config.ts';

export interface DemoInstallation {
  readonly dataDir: string;
  readonly agents: number;
  readonly carrier: { readonly host: string; readonly port: number };
  readonly channelLimit: number;
  readonly cpsLimit: number;
  readonly rtpPorts: readonly [number, number];
  /** Default 0: free ones. A run that is killed and started again keeps its own. */
  readonly ports?: Partial<Pick<RitmoConfig, 'httpPort' | 'socketReadPort' | 'socketWritePort' | 'sipPort' | 'postgresPort'>>;
  readonly cluster?: RitmoConfig['cluster'];
  readonly mode?: 'predictive' | 'power' | 'progressive';
  /** Lines per free agent in power mode. */
  readonly ratio?: number;
  /** How long a person waits for an agent at the most. */
  readonly maxQueueMs?: number;
}

export const demoCampaignId = 100;
/** Share of the people who answered. */
export const abandonCapPct = 3;
export const ringTimeoutMs = 10_000;
export const queueWrapUpS = 3;
export const firstExtension = 2001;
export const agentPassword = (extension: string): string => `demo-${extension}`;
export const extensionOf = (index: number): string => String(firstExtension + index);

/** What agents choose among, with how often. */
export const agentDispositions: readonly { readonly id: number; readonly name: string; readonly finishing?: boolean; readonly success?: boolean; readonly weight: number }[] = [
  { id: 1003, name: 'Venda', finishing: true, success: true, weight: 3 },
  { id: 1004, name: 'Sem Interesse', finishing: true, weight: 5 },
  { id: 1006, name: 'Número de Outra Pessoa', weight: 2 },
];

/** An installation in which a minute and a half shows a lot: short calls, quick retries, open day and night. */
export function demoConfig(demo: DemoInstallation): RitmoConfig {
  const agents = Array.from({ length: demo.agents }, (_, index) => ({
    id: index + 1,
    name: `Operador ${String(index + 1).padStart(2, '0')}`,
    extension: extensionOf(index),
    password: agentPassword(extensionOf(index)),
  }));
  return {
    dataDir: demo.dataDir,
    listen: '127.0.0.1',
    httpPort: 0,
    socketReadPort: 0,
    socketWritePort: 0,
    sipPort: 0,
    postgresPort: 0,
    ...demo.ports,
    rtpPorts: [...demo.rtpPorts] as [number, number],
    logLevel: 'info',
    stopGraceS: 5,
    cluster: demo.cluster ?? {},
    seedName: 'demo',
    seed: {
      trunks: [
        {
          id: 1,
          name: 'Operadora Demonstração',
          host: demo.carrier.host,
          port: demo.carrier.port,
          channels: demo.channelLimit,
          callsPerSecond: demo.cpsLimit,
          callerIds: ['1130001000', '1130001001', '1130001002'],
          optionsIntervalS: 5,
        },
      ],
      routes: [{ id: 1, name: 'Todas', trunks: [1], homeAreaCode: '11' }],
      agents,
      queues: [{ id: 10, name: 'Vendas', members: agents.map(({ id }) => ({ agentId: id })), ringTimeoutS: 5, wrapUpS: queueWrapUpS, missedBeforePause: 3 }],
      dispositions: agentDispositions.map(({ id, name, finishing = false, success = false }) => ({ id, name, finishing, success })),
      callWindows: [{ id: 2, name: 'Sempre', periods: [{ days: [0, 1, 2, 3, 4, 5, 6], from: '00:00', to: '24:00' }] }],
      campaigns: [
        {
          id: demoCampaignId,
          name: 'Vendas Primavera',
          queueId: 10,
          mode: demo.mode ?? 'predictive',
          ...(demo.ratio === undefined ? {} : { ratio: demo.ratio }),
          abandonCapPct,
          ringTimeoutMs,
          ...(demo.maxQueueMs === undefined ? {} : { maxQueueMs: demo.maxQueueMs }),
          callWindowId: 2,
          blockListIds: [1],
          maxAttemptsPerDay: 10,
          parameters: ['Contrato', 'Nome'],
          retries: [
            { outcome: 'busy', samePhoneTries: 1, afterMinutes: 0.2 },
            { outcome: 'no-answer', samePhoneTries: 0, nextPhoneAfterMinutes: 0.2 },
            { outcome: 'rejected', samePhoneTries: 0, nextPhoneAfterMinutes: 0.1 },
            { outcome: 'abandoned', samePhoneTries: 1, afterMinutes: 1 },
          ],
        },
      ],
    },
  };
}
