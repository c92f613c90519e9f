/** The product as a process that is killed at any moment. Forked by crash-run.ts; what it may do is asked over IPC. */
import { createLogger } from '@ritmo/runtime';
import { pino } from 'pino';
import { startRitmo, type RunningRitmo } from '../src/compose.ts';
import { demoConfig, type DemoInstallation } from '../src/demo/demo-config.ts';
import { readLedger } from '../src/demo/ledger.ts';
import { exampleContacts, importContacts, readResults, setActive, viewsCaughtUp } from '../src/demo/scenario.ts';
import { EarlyClock } from './early-clock.ts';

export type VictimInstallation = DemoInstallation & {
  readonly logFile: string;
  /** How far its clock is ahead of the machine's. Default 0. */
  readonly aheadMs?: number;
};

export type VictimCommand = 'begin' | 'halt' | 'look' | 'conclude' | 'stop';

/** What is in use at this moment, wherever it is counted. All zero when nothing goes on. */
export interface Occupied {
  readonly calls: number;
  readonly channelsUsed: number;
  readonly telephony: number;
  readonly acd: number;
  readonly agentsNotFree: readonly string[];
}

export interface Conclusion {
  readonly attempts: readonly string[];
  readonly doubled: readonly string[];
  readonly attemptsOpen: readonly string[];
  readonly interrupted: number;
  readonly callsPlacedOpen: readonly string[];
  readonly resultRows: number;
  readonly viewsSame: boolean | undefined;
  readonly viewsDifferent: readonly string[];
}

export interface Ready {
  readonly kind: 'ready';
  readonly postgres: 'started' | 'adopted' | null;
}

async function look({ apps, foundations }: RunningRitmo): Promise<Occupied> {
  const { bus } = foundations.context;
  const [{ calls }, { trunks }, { agents }] = await Promise.all([bus.request('telephony.calls', {}), bus.request('telephony.trunks', {}), bus.request('acd.agents', {})]);
  const sum = (counts: object | undefined): number => Object.values(counts ?? {}).reduce((total: number, count: number) => total + count, 0);
  return {
    calls: calls.length,
    channelsUsed: trunks.reduce((total, trunk) => total + trunk.channelsUsed, 0),
    telephony: sum(apps.telephony?.occupied()),
    acd: sum(apps.acd?.occupied()),
    agentsNotFree: agents.filter(({ state }) => state !== 'free').map(({ extension, state }) => `${extension} ${state}`),
  };
}

async function conclude({ apps, foundations }: RunningRitmo): Promise<Conclusion> {
  const { bus, events, journal, database } = foundations.context;
  await journal.flush();
  await viewsCaughtUp(bus);
  const ledger = await readLedger(events);
  const placed = await placedCalls(foundations.context.events);
  const results = await readResults(database);
  const rebuilt = await apps.projector?.rebuildViews();
  return {
    attempts: [...ledger.attempts],
    doubled: ledger.doubled,
    attemptsOpen: [...ledger.attempts].filter((id) => !ledger.ended.has(id)),
    interrupted: [...ledger.ended.values()].filter((outcome) => outcome === 'interrupted').length,
    callsPlacedOpen: placed.filter((id) => !ledger.callsEnded.has(id as never)),
    resultRows: results.rows,
    viewsSame: rebuilt?.same,
    viewsDifferent: rebuilt?.tables.filter(({ same }) => !same).map(({ table }) => table) ?? [],
  };
}

async function placedCalls(events: RunningRitmo['foundations']['context']['events']): Promise<readonly string[]> {
  const placed: string[] = [];
  let after: bigint | undefined;
  for (;;) {
    const page = await events.readAll({ ...(after === undefined ? {} : { after }), limit: 5_000, types: ['CallPlaced'] });
    placed.push(...page.map(({ data }) => String(data['callId'])));
    after = page.at(-1)?.position;
    if (page.length < 5_000) return placed;
  }
}

async function main(): Promise<void> {
  const installation = JSON.parse(process.argv[2] ?? '{}') as VictimInstallation;
  const log = createLogger({ level: 'info', node: `victim-${process.pid}`, destination: pino.destination({ dest: installation.logFile, sync: true, append: true }) });
  const ritmo = await startRitmo(demoConfig(installation), { node: 'victim', log, clock: new EarlyClock(installation.aheadMs), onFatal: (error) => log.fatal({ err: error }, 'fatal') });
  const { bus } = ritmo.foundations.context;
  const obey = async (command: VictimCommand): Promise<unknown> => {
    switch (command) {
      case 'begin':
        await importContacts(bus, await exampleContacts(500));
        return setActive(bus, true);
      case 'halt':
        return setActive(bus, false);
      case 'look':
        return look(ritmo);
      case 'conclude':
        return conclude(ritmo);
      case 'stop':
        return ritmo.stop();
    }
  };
  process.on('message', ({ request, command }: { request: number; command: VictimCommand }) => {
    obey(command).then(
      (answer) => process.send?.({ kind: 'done', request, answer }),
      (error: unknown) => process.send?.({ kind: 'failed', request, message: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
    );
  });
  process.send?.({ kind: 'ready', postgres: ritmo.foundations.postgresOrigin } satisfies Ready);
}

main().catch((error: unknown) => {
  process.send?.({ kind: 'failed', request: 0, message: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  process.exitCode = 1;
});
