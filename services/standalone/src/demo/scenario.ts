import { fileURLToPath } from 'node:url';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Bus } from '@ritmo/bus';
import type { Database } from '@ritmo/database';
import { asId, type Actor, type CampaignId } from '@ritmo/domain';
import { demoCampaignId } from './demo-config.ts';
import { takeSample, type Sample } from './sample.ts';
import type { Tally } from './tally.ts';

/** The steps of a run, on any running installation: the demo, the crash test and the cluster test share them. */

export const campaignId = asId<CampaignId>(demoCampaignId);
const by: Actor = { kind: 'admin', id: 'demo' };
const exampleList = fileURLToPath(new URL('../../../mailing/examples/clientes-500.txt', import.meta.url));
const pollMs = 100;

export class RunError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'UserError';
  }
}

async function until(what: string, limitMs: number, isSo: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + limitMs;
  for (;;) {
    if (await isSo().catch(() => false)) return;
    if (performance.now() > deadline) throw new RunError(`${what}: not within ${Math.round(limitMs / 1000)} s`);
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
}

export function agentsReady(bus: Bus, count: number): Promise<void> {
  return until(`${count} agents logged in and free`, 20_000, async () => {
    const { agents } = await bus.request('acd.agents', {});
    return agents.filter((agent) => agent.registered && agent.state === 'free').length >= count;
  });
}

/** The example list of 500 contacts, or its beginning; for more than it has, its lines again under other contract numbers. */
export async function exampleContacts(contacts: number): Promise<readonly string[]> {
  const lines = (await readFile(exampleList, 'utf8')).split(/\r?\n/).filter((line) => line.trim() !== '');
  return Array.from({ length: contacts }, (_, index) => {
    const round = Math.floor(index / lines.length);
    return `${round === 0 ? '' : round}${lines[index % lines.length] ?? ''}`;
  });
}

/** Whose number it is: area code and number, to the first parameter. */
export function ownersOf(lines: readonly string[]): ReadonlyMap<string, string> {
  const owners = new Map<string, string>();
  for (const line of lines) {
    const [parameter1 = '', , ...rest] = line.split(';');
    for (let index = 0; index + 1 < rest.length; index += 2) if (/^\d{2}$/.test(rest[index] ?? '')) owners.set(`${rest[index]}${rest[index + 1]}`, parameter1);
  }
  return owners;
}

export async function importContacts(bus: Bus, lines: readonly string[]): Promise<number> {
  const reply = await bus.request(
    'mailing.import',
    { campaignId, name: 'clientes-500.txt', contentBase64: Buffer.from(`${lines.join('\r\n')}\r\n`).toString('base64'), by },
    { timeoutMs: 60_000 },
  );
  if (!reply.ok) throw new RunError(`the list was refused: ${reply.code} ${reply.detail ?? ''}`);
  if (reply.rejected.length > 0) throw new RunError(`line ${reply.rejected[0]?.line} of the list was rejected: ${reply.rejected[0]?.reason}`);
  return reply.imported;
}

export async function setActive(bus: Bus, active: boolean): Promise<void> {
  const reply = await bus.request('dialer.campaign.set-active', { campaignId, action: active ? 'activate' : 'deactivate', by });
  if (!reply.ok) throw new RunError(`the campaign could not be ${active ? 'activated' : 'deactivated'}: ${reply.code}`);
}

/** Samples at a steady pace until the moment comes, or until `isDone` says so. */
export async function watch(
  bus: Bus,
  options: {
    readonly tally: Tally;
    readonly beganAt: number;
    readonly untilMs: number;
    readonly everyMs: number;
    readonly onSample: (sample: Sample) => void;
    readonly isDone?: (sample: Sample) => boolean;
  },
): Promise<void> {
  for (;;) {
    const atMs = performance.now() - options.beganAt;
    if (atMs >= options.untilMs) return;
    const sample = await takeSample(bus, campaignId, options.tally, atMs).catch(() => undefined);
    if (sample) {
      options.onSample(sample);
      if (options.isDone?.(sample) === true) return;
    }
    await new Promise((resolve) => setTimeout(resolve, Math.max(20, options.everyMs - (performance.now() - options.beganAt - atMs))));
  }
}

/** Nothing is on its way any more: no call, no attempt without its end, no agent on a call. */
export const isQuiet = (sample: Sample): boolean => sample.callsInFlight === 0 && sample.agents.talking === 0 && sample.agents.ringing === 0;

/** The views hold everything that is stored, and stay so for a moment. */
export function viewsCaughtUp(bus: Bus): Promise<void> {
  let head = '';
  let since = 0;
  return until('the views caught up', 20_000, async () => {
    const status = await bus.request('projector.status', {});
    if (status.head !== head || status.lagEvents > 0) [head, since] = [status.head, performance.now()];
    return status.lagEvents === 0 && performance.now() - since > 1_000;
  });
}

export interface ResultTable {
  readonly rows: number;
  readonly byDisposition: Readonly<Record<string, number>>;
}

/** The integrators' own view of the run. */
export async function readResults(database: Database): Promise<ResultTable> {
  const { rows } = await database.query<{ status: string | null; count: number }>(
    'SELECT status, count(*) AS count FROM resultado_discador WHERE id_campanha = $1 GROUP BY status ORDER BY count(*) DESC',
    [demoCampaignId],
  );
  return {
    rows: rows.reduce((sum, row) => sum + Number(row.count), 0),
    byDisposition: Object.fromEntries(rows.map(({ status, count }) => [status ?? '–', Number(count)])),
  };
}

export const recordingsDirOf = (dataDir: string): string => join(dataDir, 'recordings');
