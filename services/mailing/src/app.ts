import { mkdir } from 'node:fs/promises';
import { extname, join } from 'node:path';
import type { BusSubscription, Requests } from '@ritmo/bus';
import { migrate } from '@ritmo/database';
import type { ServiceApp, ServiceContext } from '@ritmo/service-kit';
import { exportResults } from './export-results.ts';
import { createImportLedger, type OpenImport } from './import-ledger.ts';
import { runImport } from './import-run.ts';
import { createListCopies, type ListCopy } from './list-copies.ts';

type Import = Requests['mailing.import'];
type Export = Requests['mailing.export'];

const extensions = ['.txt', '.csv'];
/** A file in UTF-16 or of no text at all begins like this. */
const foreignBeginnings: readonly (readonly number[])[] = [[0xff, 0xfe], [0xfe, 0xff], [0x50, 0x4b, 0x03, 0x04], [0xd0, 0xcf, 0x11, 0xe0], [0x25, 0x50, 0x44, 0x46]];
const defaultListed = 50;
/** How often an import that another process works on is looked at. */
const watchMs = 250;
/** How long a stop waits for the batches that are with the dialer. They would only be sent again. */
const lastAnswersMs = 3_000;
/** How often imports are looked for that a process left behind. */
const resumeEveryMs = 10_000;

/** Lists in, results out. An import that is cut goes on where it was, at the next start or in the next process. */
export function createMailingApp(context: ServiceContext): ServiceApp {
  const { bus, database, directory, log } = context;
  const ledger = createImportLedger(database);
  const copies = createListCopies(join(context.dataDir, 'imports'));
  const subscriptions: BusSubscription[] = [];
  const tasks = new Set<Promise<unknown>>();
  /** Those that run here. */
  const running = new Map<number, Promise<void>>();
  let isStopping = false;
  let timer: NodeJS.Timeout | undefined;
  let giveUp: (said: 'stopped') => void = () => undefined;
  const gaveUp = new Promise<'stopped'>((resolve) => (giveUp = resolve));

  const tracked = <T>(work: Promise<T>): Promise<T> => {
    tasks.add(work);
    void work.catch(() => undefined).finally(() => tasks.delete(work));
    return work;
  };
  const work = async (open: OpenImport, isResumed: boolean): Promise<void> => {
    if (isResumed) {
      await ledger.resumed(open.importId);
      log.info({ importId: open.importId, list: open.name, line: open.lastLine }, 'an import goes on where it was cut');
    }
    const outcome = await runImport({ context, ledger, copies, isStopping: () => isStopping, gaveUp }, open);
    if (outcome.kind === 'stopped') return;
    await ledger.end(open.importId, outcome.kind, outcome.kind === 'failed' ? outcome.reason : null, context.clock.nowMs());
    await copies.drop(open.copy);
    const [ended] = await ledger.list(open.importId, 1);
    log.info({ importId: open.importId, list: open.name, lines: ended?.lines, imported: ended?.imported, rejected: ended?.rejected, ...outcome }, 'imported');
  };
  /** Resolves when it has ended, or does not run here. */
  const run = (importId: number, isResumed: boolean): Promise<void> => {
    const already = running.get(importId);
    if (already) return already;
    const task = ledger
      .alone(importId, async () => {
        // As it is now that nobody else works on it.
        const open = (await ledger.running()).find((each) => each.importId === importId);
        if (open) await work(open, isResumed);
      })
      .then(
        () => undefined,
        // A copy that is on another machine, a database that went away: it stays on record and is taken up again.
        (error: unknown) => log.error({ err: error, importId }, 'an import does not go on; it is tried again'),
      )
      .finally(() => running.delete(importId));
    running.set(importId, tracked(task));
    return task;
  };
  const resume = async (): Promise<void> => {
    for (const { importId } of await ledger.running()) if (!isStopping) void run(importId, true);
  };
  const answer = async (importId: number, repeated: boolean): Promise<Import['reply']> => {
    const [found] = await ledger.list(importId, 1);
    if (!found) return { ok: false, code: 'interrupted', detail: `import ${importId} is gone` };
    if (found.state === 'failed') return { ok: false, code: 'unknown-campaign', ...(found.reason === null ? {} : { detail: found.reason }) };
    const { state, lines, imported } = found;
    return { ok: true, importId, state, repeated, lines, imported, rejected: await ledger.rejected(importId) };
  };
  const ended = async (importId: number): Promise<boolean> => {
    for (;;) {
      if ((await ledger.list(importId, 1))[0]?.state !== 'running') return true;
      if (isStopping) return false;
      await new Promise((resolve) => setTimeout(resolve, watchMs));
    }
  };
  const handle = async (request: Import['request']): Promise<Import['reply']> => {
    const { campaignId, name } = request;
    if (!directory.get('campaign', campaignId)) return { ok: false, code: 'unknown-campaign' };
    if (!extensions.includes(extname(name).toLowerCase())) return { ok: false, code: 'unknown-format', detail: `${name}: lists are ${extensions.join(' or ')} files` };
    let list: ListCopy;
    try {
      list = await copies.take(request.path === undefined ? { content: Buffer.from(request.contentBase64 ?? '', 'base64') } : { path: request.path });
    } catch (error) {
      log.warn({ err: error, path: request.path }, 'the list could not be read');
      return { ok: false, code: 'no-file', detail: request.path ?? name };
    }
    if (foreignBeginnings.some((beginning) => beginning.every((byte, index) => list.firstBytes[index] === byte))) {
      await copies.drop(list.copy);
      return { ok: false, code: 'unknown-format', detail: `${name} is not a text file in UTF-8 or Latin-1` };
    }
    const { opened, isNew } = await ledger.open({ ...list, campaignId, name, by: request.by, again: request.again ?? false, nowMs: context.clock.nowMs() });
    if (!isNew) await copies.drop(list.copy);
    if (opened.state === 'running') {
      const task = run(opened.importId, !isNew);
      if (request.wait === false) return answer(opened.importId, !isNew);
      await task;
      if (!(await ended(opened.importId))) return { ok: false, code: 'interrupted', detail: `import ${opened.importId} goes on by itself at the next start` };
    }
    return answer(opened.importId, !isNew);
  };
  const exportCampaign = async ({ campaignId }: Export['request']): Promise<Export['reply']> => {
    if (!directory.get('campaign', campaignId)) return { ok: false, code: 'unknown-campaign' };
    const folder = join(context.dataDir, 'exports');
    await mkdir(folder, { recursive: true });
    const at = new Date(context.clock.nowMs()).toISOString().replace(/[-:]|\..*$/g, '');
    const path = join(folder, `resultado-${campaignId}-${at}.csv`);
    return { ok: true, path, ...(await exportResults(context, { campaignId, path })) };
  };
  return {
    name: 'mailing',
    async start() {
      await migrate(database, { owner: 'mailing', folder: new URL('../sql/', import.meta.url) });
      await copies.sweep((await ledger.running()).map(({ copy }) => copy));
      subscriptions.push(
        bus.serve('mailing.import', (request) => tracked(handle(request))),
        bus.serve('mailing.imports', async ({ importId, limit }) => ({ imports: await ledger.list(importId, limit ?? defaultListed) })),
        bus.serve('mailing.rejected', async ({ importId }) => ({ rejected: await ledger.rejected(importId) })),
        bus.serve('mailing.export', (request) => tracked(exportCampaign(request))),
      );
      await resume();
      timer = setInterval(() => void tracked(resume()).catch((error: unknown) => log.error({ err: error }, 'unfinished imports cannot be looked for')), resumeEveryMs);
      timer.unref();
    },
    async stop() {
      isStopping = true;
      clearInterval(timer);
      for (const subscription of subscriptions.splice(0)) subscription.stop();
      const limit = setTimeout(() => giveUp('stopped'), lastAnswersMs);
      await Promise.allSettled(tasks);
      clearTimeout(limit);
    },
  };
}
